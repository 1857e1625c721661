/* The compiled twin of climb.py: Lloyd, exchanges and swaps from one start.
 *
 * Same steps, same order, same ties as the NumPy form; see there for the sources. The distances
 * are computed for tiles of TILE points held by column, so that the compiler turns the inner loops
 * into vector code. No Python object is touched while the interpreter lock is released. Products
 * are never fused with sums (-ffp-contract=off), so ends do not depend on the processor.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TILE 64
#define LLOYD_AFTER_SWAP 3
#define PER_CANDIDATE 2
#define IMPROVES 1e-9
#define GAIN 1e-12

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
#define VECTOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define VECTOR
#endif

typedef struct {
    const double *rows;    /* n x d */
    const double *weights; /* n */
    double *tiles;         /* ceil(n / TILE) x d x TILE, the last one padded with zeros */
    Py_ssize_t n, d, k;
} Points;

typedef struct {
    double *centres; /* k x d */
    double *mass;    /* k */
    int32_t *labels; /* n */
    double inertia;
    int settled;
} State;

typedef struct {
    double *first, *second, *scale; /* n, n, k */
    double *sums;                   /* k x d */
    int32_t *fresh;                 /* n */
    Py_ssize_t *counts;             /* k */
} Scratch;

/* Nearest and second nearest centre of one tile, each distance times scale[j]. */
VECTOR static void
two_nearest(const double *restrict tile, Py_ssize_t d, const double *restrict centres,
            const double *restrict scale, Py_ssize_t k, double *restrict first,
            double *restrict second, double *restrict label)
{
    for (int p = 0; p < TILE; p++) {
        first[p] = second[p] = INFINITY;
        label[p] = 0.0;
    }
    for (Py_ssize_t j = 0; j < k; j++) {
        double square[TILE] = {0.0};
        for (Py_ssize_t t = 0; t < d; t++) {
            const double c = centres[j * d + t];
            const double *restrict x = tile + t * TILE;
            for (int p = 0; p < TILE; p++) {
                const double u = x[p] - c;
                square[p] += u * u;
            }
        }
        const double factor = scale[j], number = (double)j;
        for (int p = 0; p < TILE; p++) {
            const double value = square[p] * factor;
            const int closer = value < first[p];
            const double loser = closer ? first[p] : value;
            second[p] = loser < second[p] ? loser : second[p];
            first[p] = closer ? value : first[p];
            label[p] = closer ? number : label[p];
        }
    }
}

/* The cheapest other cluster of each point of a tile, where label names its own. */
VECTOR static void
own_and_other(const double *restrict tile, Py_ssize_t d, const double *restrict centres,
              const double *restrict scale, Py_ssize_t k, const double *restrict label,
              double *restrict own, double *restrict other)
{
    for (int p = 0; p < TILE; p++) {
        own[p] = 0.0;
        other[p] = INFINITY;
    }
    for (Py_ssize_t j = 0; j < k; j++) {
        double square[TILE] = {0.0};
        for (Py_ssize_t t = 0; t < d; t++) {
            const double c = centres[j * d + t];
            const double *restrict x = tile + t * TILE;
            for (int p = 0; p < TILE; p++) {
                const double u = x[p] - c;
                square[p] += u * u;
            }
        }
        const double factor = scale[j], number = (double)j;
        for (int p = 0; p < TILE; p++) {
            const int mine = label[p] == number;
            const double value = square[p] * factor;
            own[p] = mine ? square[p] : own[p];
            other[p] = (!mine && value < other[p]) ? value : other[p];
        }
    }
}

/* Squared distances of a tile to one point. */
VECTOR static void
to_point(const double *restrict tile, Py_ssize_t d, const double *restrict point,
         double *restrict square)
{
    for (int p = 0; p < TILE; p++)
        square[p] = 0.0;
    for (Py_ssize_t t = 0; t < d; t++) {
        const double c = point[t];
        const double *restrict x = tile + t * TILE;
        for (int p = 0; p < TILE; p++) {
            const double u = x[p] - c;
            square[p] += u * u;
        }
    }
}

static double
between(const double *a, const double *b, Py_ssize_t d)
{
    double square = 0.0;
    for (Py_ssize_t t = 0; t < d; t++)
        square += (a[t] - b[t]) * (a[t] - b[t]);
    return square;
}

/* Assign every row; with second != NULL also keep the distance to the second nearest centre. */
static void
assign(const Points *pts, const double *centres, Scratch *work, int32_t *labels, double *second)
{
    double near[TILE], next[TILE], label[TILE];
    for (Py_ssize_t j = 0; j < pts->k; j++)
        work->scale[j] = 1.0;
    for (Py_ssize_t start = 0; start < pts->n; start += TILE) {
        const Py_ssize_t size = pts->n - start < TILE ? pts->n - start : TILE;
        two_nearest(pts->tiles + start * pts->d, pts->d, centres, work->scale, pts->k, near, next,
                    label);
        memcpy(work->first + start, near, (size_t)size * sizeof(double));
        if (second != NULL)
            memcpy(second + start, next, (size_t)size * sizeof(double));
        for (Py_ssize_t p = 0; p < size; p++)
            labels[start + p] = (int32_t)label[p];
    }
}

static double
weighted_sum(const Points *pts, const double *values)
{
    double total = 0.0;
    for (Py_ssize_t i = 0; i < pts->n; i++)
        total += pts->weights[i] * values[i];
    return total;
}

static void
means(const Points *pts, State *state, Scratch *work)
{
    const Py_ssize_t d = pts->d, k = pts->k;
    memset(state->mass, 0, (size_t)k * sizeof(double));
    memset(work->sums, 0, (size_t)(k * d) * sizeof(double));
    for (Py_ssize_t i = 0; i < pts->n; i++) {
        const double w = pts->weights[i], *x = pts->rows + i * d;
        double *sum = work->sums + state->labels[i] * d;
        state->mass[state->labels[i]] += w;
        for (Py_ssize_t t = 0; t < d; t++)
            sum[t] += w * x[t];
    }
    for (Py_ssize_t j = 0; j < k; j++)
        for (Py_ssize_t t = 0; t < d; t++)
            state->centres[j * d + t] = work->sums[j * d + t] / state->mass[j];
}

/* Give each empty cluster the costliest point of a cluster that has others. */
static void
fill_empty(const Points *pts, int32_t *labels, Scratch *work)
{
    memset(work->counts, 0, (size_t)pts->k * sizeof(Py_ssize_t));
    for (Py_ssize_t i = 0; i < pts->n; i++)
        work->counts[labels[i]]++;
    for (Py_ssize_t j = 0; j < pts->k; j++) {
        if (work->counts[j] > 0)
            continue;
        Py_ssize_t row = -1;
        double most = -1.0;
        for (Py_ssize_t i = 0; i < pts->n; i++) {
            const double cost = pts->weights[i] * work->first[i];
            if (work->counts[labels[i]] > 1 && cost > most) {
                most = cost;
                row = i;
            }
        }
        if (row < 0)
            return;
        work->counts[labels[row]]--;
        labels[row] = (int32_t)j;
        work->first[row] = 0.0;
        work->counts[j] = 1;
    }
}

/* Move one row to the cluster where it costs least, if that pays; return the gain or zero. */
static double
transfer(const Points *pts, State *state, Py_ssize_t i, double eps)
{
    const Py_ssize_t d = pts->d, k = pts->k;
    const double w = pts->weights[i], *x = pts->rows + i * d;
    const int32_t a = state->labels[i];
    const double rest = state->mass[a] - w;
    if (rest <= 1e-12 * w)
        return 0.0;
    double least = INFINITY;
    Py_ssize_t b = -1;
    for (Py_ssize_t j = 0; j < k; j++) {
        if (j == a)
            continue;
        const double cost = w * between(x, state->centres + j * d, d) * state->mass[j] /
                            (state->mass[j] + w);
        if (cost < least) {
            least = cost;
            b = j;
        }
    }
    const double gain =
        w * between(x, state->centres + a * d, d) * state->mass[a] / rest - least;
    if (b < 0 || !(gain > eps))
        return 0.0;
    double *from = state->centres + a * d, *to = state->centres + b * d;
    for (Py_ssize_t t = 0; t < d; t++) {
        from[t] -= w * (x[t] - from[t]) / rest;
        to[t] += w * (x[t] - to[t]) / (state->mass[b] + w);
    }
    state->mass[a] = rest;
    state->mass[b] += w;
    state->labels[i] = (int32_t)b;
    return gain;
}

/* One sweep of exchanges: list the rows whose transfer pays now, then move those for which it
 * still does. The scale by the heaviest weight lists a few rows too many, never one too few. */
static Py_ssize_t
exchange(const Points *pts, State *state, Scratch *work, double heaviest, double *gained)
{
    const Py_ssize_t n = pts->n, d = pts->d;
    double label[TILE], own[TILE], other[TILE];
    Py_ssize_t moved = 0, listed = 0;
    double inertia = 0.0;
    for (Py_ssize_t j = 0; j < pts->k; j++)
        work->scale[j] = state->mass[j] / (state->mass[j] + heaviest);
    for (Py_ssize_t start = 0; start < n; start += TILE) {
        const Py_ssize_t size = n - start < TILE ? n - start : TILE;
        for (Py_ssize_t p = 0; p < TILE; p++)
            label[p] = p < size ? (double)state->labels[start + p] : 0.0;
        own_and_other(pts->tiles + start * d, d, state->centres, work->scale, pts->k, label, own,
                      other);
        for (Py_ssize_t p = 0; p < size; p++) {
            const double w = pts->weights[start + p];
            const double mass = state->mass[state->labels[start + p]], rest = mass - w;
            inertia += w * own[p];
            if (own[p] * mass > other[p] * rest && rest > 1e-12 * w)
                work->fresh[listed++] = (int32_t)(start + p);
        }
    }
    const double eps = GAIN * inertia / (double)n;
    *gained = 0.0;
    for (Py_ssize_t c = 0; c < listed; c++) {
        const double gain = transfer(pts, state, work->fresh[c], eps);
        moved += gain > 0.0;
        *gained += gain;
    }
    return moved;
}

/* Lloyd, then exchanges, until nothing moves or the gains fall below tol. */
static void
descend(const Points *pts, State *state, Scratch *work, double heaviest, Py_ssize_t exchanges,
        Py_ssize_t max_iter, double tol)
{
    const size_t bytes = (size_t)pts->n * sizeof(int32_t);
    double inertia = INFINITY, gained = 0.0;
    memset(state->labels, 0xff, bytes);
    state->settled = 0;
    for (Py_ssize_t it = 0; it < max_iter; it++) {
        assign(pts, state->centres, work, work->fresh, NULL);
        fill_empty(pts, work->fresh, work);
        state->settled = memcmp(work->fresh, state->labels, bytes) == 0;
        memcpy(state->labels, work->fresh, bytes);
        const double before = inertia;
        inertia = weighted_sum(pts, work->first);
        means(pts, state, work);
        if (state->settled || (tol > 0.0 && before - inertia < tol * inertia))
            break;
    }
    for (Py_ssize_t sweep = 0; sweep < exchanges; sweep++) {
        state->settled = exchange(pts, state, work, heaviest, &gained) == 0;
        if (state->settled)
            break;
        means(pts, state, work);
        if (gained < tol * inertia)
            break;
    }
    inertia = 0.0;
    for (Py_ssize_t i = 0; i < pts->n; i++)
        inertia += pts->weights[i] * between(pts->rows + i * pts->d,
                                             state->centres + state->labels[i] * pts->d, pts->d);
    state->inertia = inertia;
}

typedef struct {
    double inertia;
    int64_t flat; /* centre * candidates + candidate */
} Swap;

static int
cheaper(const void *left, const void *right)
{
    const Swap *a = left, *b = right;
    if (a->inertia != b->inertia)
        return a->inertia < b->inertia ? -1 : 1;
    return (a->flat > b->flat) - (a->flat < b->flat);
}

/* The inertia after every swap of one centre for one candidate, before any mean has followed. */
static void
price_swaps(const Points *pts, const State *state, Scratch *work, const int64_t *candidates,
            Py_ssize_t count, Swap *swaps)
{
    const Py_ssize_t n = pts->n, d = pts->d, k = pts->k;
    double square[TILE], *lost = work->sums; /* k x d is large enough for k */
    assign(pts, state->centres, work, work->fresh, work->second);
    for (Py_ssize_t c = 0; c < count; c++) {
        double kept = 0.0;
        memset(lost, 0, (size_t)k * sizeof(double));
        for (Py_ssize_t start = 0; start < n; start += TILE) {
            const Py_ssize_t size = n - start < TILE ? n - start : TILE;
            to_point(pts->tiles + start * d, d, pts->rows + candidates[c] * d, square);
            for (Py_ssize_t p = 0; p < size; p++) {
                const Py_ssize_t i = start + p;
                const double s = square[p], w = pts->weights[i];
                const double keep = w * (work->first[i] < s ? work->first[i] : s);
                kept += keep;
                lost[work->fresh[i]] += w * (work->second[i] < s ? work->second[i] : s) - keep;
            }
        }
        for (Py_ssize_t j = 0; j < k; j++) {
            swaps[j * count + c].inertia = kept + lost[j];
            swaps[j * count + c].flat = j * count + c;
        }
    }
    qsort(swaps, (size_t)(k * count), sizeof(Swap), cheaper);
}

static void
copy_state(const Points *pts, State *to, const State *from)
{
    memcpy(to->centres, from->centres, (size_t)(pts->k * pts->d) * sizeof(double));
    memcpy(to->mass, from->mass, (size_t)pts->k * sizeof(double));
    memcpy(to->labels, from->labels, (size_t)pts->n * sizeof(int32_t));
    to->inertia = from->inertia;
    to->settled = from->settled;
}

typedef struct {
    const int64_t *rows;
    Py_ssize_t count, tries, per_centre;
    Swap *swaps;                   /* k x count */
    Py_ssize_t *of_centre, *of_row; /* k, count */
} Candidates;

/* Try the most promising swaps; return 1 as soon as one has lowered the inertia. */
static int
swap_once(const Points *pts, State *state, State *trial, Scratch *work, Candidates *cand,
          double heaviest, Py_ssize_t exchanges, double tol)
{
    Py_ssize_t tried = 0;
    price_swaps(pts, state, work, cand->rows, cand->count, cand->swaps);
    memset(cand->of_centre, 0, (size_t)pts->k * sizeof(Py_ssize_t));
    memset(cand->of_row, 0, (size_t)cand->count * sizeof(Py_ssize_t));
    for (Py_ssize_t s = 0; s < pts->k * cand->count && tried < cand->tries; s++) {
        const Py_ssize_t j = (Py_ssize_t)(cand->swaps[s].flat / cand->count);
        const Py_ssize_t c = (Py_ssize_t)(cand->swaps[s].flat % cand->count);
        if (cand->of_centre[j] >= cand->per_centre || cand->of_row[c] >= PER_CANDIDATE)
            continue;
        cand->of_centre[j]++;
        cand->of_row[c]++;
        tried++;
        memcpy(trial->centres, state->centres, (size_t)(pts->k * pts->d) * sizeof(double));
        memcpy(trial->centres + j * pts->d, pts->rows + cand->rows[c] * pts->d,
               (size_t)pts->d * sizeof(double));
        descend(pts, trial, work, heaviest, exchanges, LLOYD_AFTER_SWAP, tol);
        if (trial->inertia < state->inertia * (1.0 - IMPROVES)) {
            copy_state(pts, state, trial);
            return 1;
        }
    }
    return 0;
}

static void
fill_tiles(Points *pts)
{
    for (Py_ssize_t i = 0; i < pts->n; i++)
        for (Py_ssize_t t = 0; t < pts->d; t++)
            pts->tiles[(i / TILE) * TILE * pts->d + t * TILE + i % TILE] =
                pts->rows[i * pts->d + t];
}

/* All working memory in one allocation, handed out in aligned pieces. */
typedef struct {
    char *base;
    size_t used;
} Arena;

static void *
take(Arena *arena, Py_ssize_t count, size_t size)
{
    void *piece = arena->base == NULL ? NULL : arena->base + arena->used;
    arena->used += ((size_t)count * size + 63) & ~(size_t)63;
    return piece;
}

static void
lay_out(Arena *arena, Points *pts, State *state, State *trial, Scratch *work, Candidates *cand)
{
    const Py_ssize_t n = pts->n, d = pts->d, k = pts->k, t = cand->count;
    pts->tiles = take(arena, (n + TILE - 1) / TILE * TILE * d, sizeof(double));
    state->mass = take(arena, k, sizeof(double));
    trial->centres = take(arena, k * d, sizeof(double));
    trial->mass = take(arena, k, sizeof(double));
    trial->labels = take(arena, n, sizeof(int32_t));
    work->first = take(arena, n, sizeof(double));
    work->second = take(arena, n, sizeof(double));
    work->scale = take(arena, k, sizeof(double));
    work->sums = take(arena, k * d, sizeof(double));
    work->fresh = take(arena, n, sizeof(int32_t));
    work->counts = take(arena, k, sizeof(Py_ssize_t));
    cand->swaps = take(arena, cand->tries > 0 ? k * t : 0, sizeof(Swap));
    cand->of_centre = take(arena, k, sizeof(Py_ssize_t));
    cand->of_row = take(arena, t, sizeof(Py_ssize_t));
}

static int
run(Points *pts, State *state, Candidates *cand, Py_ssize_t exchanges, Py_ssize_t max_iter,
    double tol)
{
    State trial = {0};
    Scratch work = {0};
    Arena arena = {NULL, 0};
    double heaviest = 0.0;
    lay_out(&arena, pts, state, &trial, &work, cand);
    char *memory = calloc(1, arena.used + 64);
    if (memory == NULL)
        return -1;
    arena.base = memory + (64 - (uintptr_t)memory % 64) % 64;
    arena.used = 0;
    lay_out(&arena, pts, state, &trial, &work, cand);
    fill_tiles(pts);
    for (Py_ssize_t i = 0; i < pts->n; i++)
        heaviest = pts->weights[i] > heaviest ? pts->weights[i] : heaviest;
    descend(pts, state, &work, heaviest, exchanges, max_iter, tol);
    while (cand->tries > 0 &&
           swap_once(pts, state, &trial, &work, cand, heaviest, exchanges, tol))
        ;
    free(memory);
    return 0;
}

static PyObject *
climb(PyObject *self, PyObject *args)
{
    Py_buffer points, weights, centres, labels, rows;
    Py_ssize_t tries, per_centre, exchanges, max_iter;
    double tol;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*w*w*y*nnnnd:climb", &points, &weights, &centres, &labels,
                          &rows, &tries, &per_centre, &exchanges, &max_iter, &tol))
        return NULL;
    const Py_ssize_t n = weights.len / (Py_ssize_t)sizeof(double);
    const Py_ssize_t d = n > 0 ? points.len / (Py_ssize_t)sizeof(double) / n : 0;
    const Py_ssize_t k = d > 0 ? centres.len / (Py_ssize_t)sizeof(double) / d : 0;
    PyObject *result = NULL;
    if (k < 1 || labels.len != n * (Py_ssize_t)sizeof(int32_t) || n > INT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "climb: the shapes of the buffers do not agree");
    } else {
        Points pts = {points.buf, weights.buf, NULL, n, d, k};
        State state = {centres.buf, NULL, labels.buf, 0.0, 0};
        Candidates cand = {rows.buf,   rows.len / (Py_ssize_t)sizeof(int64_t),
                           tries,      per_centre,
                           NULL,       NULL,
                           NULL};
        int status;
        Py_BEGIN_ALLOW_THREADS
        status = run(&pts, &state, &cand, exchanges, max_iter, tol);
        Py_END_ALLOW_THREADS
        result = status != 0 ? PyErr_NoMemory()
                             : Py_BuildValue("dO", state.inertia,
                                             state.settled ? Py_True : Py_False);
    }
    PyBuffer_Release(&points);
    PyBuffer_Release(&weights);
    PyBuffer_Release(&centres);
    PyBuffer_Release(&labels);
    PyBuffer_Release(&rows);
    return result;
}

static PyMethodDef methods[] = {
    {"climb", climb, METH_VARARGS,
     "climb(points, weights, centres, labels, rows, tries, per_centre, exchanges, max_iter, tol)\n"
     "Climb in place from centres; return the inertia and whether nothing moved at the end."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_climb", "Compiled climbs; see climb.py.", 0, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit__climb(void)
{
    return PyModule_Create(&module);
}
