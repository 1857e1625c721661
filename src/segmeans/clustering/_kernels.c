/* The compiled twin of reference.py: same functions, same arguments, same labels.
 *
 * Buffers in, buffers out; shapes are checked in compiled.py, sizes here. No Python object is
 * touched while the interpreter lock is released. Sums are taken per block of BLOCK rows and
 * reduced in the order of the blocks, so the threads leave no trace in the bits.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "_kernels_threads.h"
#include "_kernels_twins.h"

static const Twin *twins[4];
static size_t twin_count;
static const Twin *twin;

/* Take the buffer of an array, or none of None; its size must be as stated. */
static int take(PyObject *object, Py_buffer *view, size_t bytes, int writable)
{
    memset(view, 0, sizeof *view);
    if (object == Py_None) return 1;
    if (PyObject_GetBuffer(object, view, writable ? PyBUF_WRITABLE : PyBUF_SIMPLE)) return 0;
    if ((size_t)view->len >= bytes) return 1;
    PyErr_Format(PyExc_ValueError, "A buffer holds %zd bytes, needed: %zu", view->len, bytes);
    return 0;
}

static void release(Py_buffer *views, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (views[i].obj) PyBuffer_Release(&views[i]);
    }
}

/* A thread costs as much as some thousand rows: none for fewer than THREAD_BLOCKS blocks. */
enum { THREAD_BLOCKS = 2 };

static size_t useful_threads(size_t threads, size_t blocks)
{
    const size_t most = blocks < THREAD_BLOCKS ? 1 : blocks / THREAD_BLOCKS;
    return threads < most ? threads : most;
}

/* ---- passes ------------------------------------------------------------------------------ */

typedef struct {
    const Rows *rows;
    Set *sets;
    size_t count, first_block, width;
    Scratch *scratches;
    double *room;          /* blocks of one wave x width */
    Partial *partials;     /* blocks of one wave x count */
} Sweep;

enum { SET_BUFFERS = 4 };  /* centres, labels, deadlines, out */

static void sweep_task(void *context, size_t task, size_t thread)
{
    Sweep *sweep = context;
    const size_t first = (sweep->first_block + task) * BLOCK;
    const size_t rest = sweep->rows->n - first;
    double *room = sweep->room + task * sweep->width;
    Partial *partials = sweep->partials + task * sweep->count;
    for (size_t s = 0; s < sweep->count; s++) {
        partial_place(&partials[s], &sweep->sets[s].table, room);
        room += partial_width(&sweep->sets[s].table);
    }
    twin->visit_block(sweep->rows, NULL, first, rest < BLOCK ? rest : BLOCK, sweep->sets, partials,
                      sweep->count, &sweep->scratches[thread]);
}

/* Blocks are visited in waves whose sums fit in so much room. */
enum { WAVE_DOUBLES = 1 << 17 };

static int run_sweep(Sweep *sweep, size_t threads, Py_buffer *views, size_t *changes)
{
    const size_t blocks = (sweep->rows->n + BLOCK - 1) / BLOCK;
    size_t wave = WAVE_DOUBLES / sweep->width;
    wave = wave < 8 * threads ? 8 * threads : wave;
    wave = wave < blocks ? wave : blocks;
    threads = useful_threads(threads, wave);
    sweep->room = aligned_room(wave * sweep->width * sizeof(double));
    sweep->partials = malloc(wave * sweep->count * sizeof(Partial));
    sweep->scratches = calloc(threads, sizeof(Scratch));
    int ready = sweep->room && sweep->partials && sweep->scratches;
    for (size_t t = 0; ready && t < threads; t++) {
        ready = scratch_room(&sweep->scratches[t], sweep->rows->d, sweep->count);
    }
    for (size_t first = 0; ready && first < blocks; first += wave) {
        const size_t here = blocks - first < wave ? blocks - first : wave;
        sweep->first_block = first;
        parallel(here, threads, sweep, sweep_task);
        for (size_t b = 0; b < here; b++) {
            for (size_t s = 0; s < sweep->count; s++) {
                const Partial *partial = &sweep->partials[b * sweep->count + s];
                reduce(&sweep->sets[s], partial, views[s * SET_BUFFERS + 3].buf);
                changes[s] += partial->changes;
            }
        }
    }
    for (size_t t = 0; sweep->scratches && t < threads; t++) scratch_free(&sweep->scratches[t]);
    free(sweep->room), free(sweep->partials), free(sweep->scratches);
    return ready;
}

/* One set: (centres, k, labels, width, deadlines, drift, bounded, delta, out). */
static int read_set(PyObject *item, const Rows *rows, Set *set, Py_buffer *views)
{
    PyObject *centres, *labels, *deadlines, *out;
    Py_ssize_t k;
    const size_t n = rows->n, d = rows->d;
    if (!PyArg_ParseTuple(item, "OnOiOdiiO", &centres, &k, &labels, &set->width, &deadlines,
                          &set->drift, &set->bounded, &set->delta, &out)) {
        return 0;
    }
    if (k < 1 || (labels == Py_None) != (deadlines == Py_None) ||
        (labels == Py_None && (set->bounded || set->delta))) {
        PyErr_SetString(PyExc_ValueError, "A set of centres is not well formed");
        return 0;
    }
    if (!take(centres, &views[0], (size_t)k * d * sizeof(double), 0) ||
        !take(labels, &views[1], n * (size_t)set->width, 1) ||
        !take(deadlines, &views[2], (n + GROUP - 1) / GROUP * sizeof(float), 1) ||
        !take(out, &views[3], ((size_t)k * (d + 1) + 1) * sizeof(double), 1)) {
        return 0;
    }
    set->labels = views[1].buf, set->deadlines = views[2].buf;
    if (!table_room(&set->table, (size_t)k, d)) {
        PyErr_NoMemory();
        return 0;
    }
    table_fill(&set->table, views[0].buf, rows->scale);
    return 1;
}

/* rows, wide, n, d, origin, weights: the arguments that all functions over rows begin with. */
static int read_rows(PyObject *values, PyObject *origin, PyObject *weights, Rows *rows,
                     Py_buffer *views)
{
    const size_t item = rows->wide ? sizeof(double) : sizeof(float);
    if (!take(values, &views[0], rows->n * rows->d * item, 0) ||
        !take(origin, &views[1], rows->d * sizeof(double), 0) ||
        !take(weights, &views[2], rows->n * sizeof(double), 0)) {
        return 0;
    }
    rows->values = views[0].buf, rows->origin = views[1].buf, rows->weights = views[2].buf;
    return 1;
}

PyDoc_STRVAR(sweep_doc,
             "sweep(rows, wide, n, d, origin, weights, scale, sets, threads) -> changes\n\n"
             "Visit rows once for several sets of centres and add to their totals.");

static PyObject *py_sweep(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *values, *origin, *weights, *list, *result = NULL;
    Py_ssize_t n, d, threads;
    Rows rows = {0};
    if (!PyArg_ParseTuple(arguments, "OinnOOdO!n", &values, &rows.wide, &n, &d, &origin, &weights,
                          &rows.scale, &PyList_Type, &list, &threads)) {
        return NULL;
    }
    rows.n = (size_t)n, rows.d = (size_t)d;
    const size_t count = (size_t)PyList_Size(list);
    Py_buffer views[3] = {{0}}, *set_views = calloc(count + 1, SET_BUFFERS * sizeof(Py_buffer));
    Set *sets = calloc(count + 1, sizeof(Set));
    size_t *changes = calloc(count + 1, sizeof(size_t));
    Sweep sweep = {&rows, sets, count, 0, 0, NULL, NULL, NULL};
    int ready = set_views && sets && changes;
    if (!ready) PyErr_NoMemory();
    ready = ready && read_rows(values, origin, weights, &rows, views);
    for (size_t s = 0; ready && s < count; s++) {
        ready = read_set(PyList_GetItem(list, (Py_ssize_t)s), &rows, &sets[s],
                         set_views + s * SET_BUFFERS);
        if (ready) sweep.width += partial_width(&sets[s].table);
    }
    if (ready && n > 0 && count > 0) {
        Py_BEGIN_ALLOW_THREADS
        ready = run_sweep(&sweep, (size_t)(threads > 0 ? threads : 1), set_views, changes);
        Py_END_ALLOW_THREADS
        if (!ready) PyErr_NoMemory();
    }
    if (ready) result = PyList_New((Py_ssize_t)count);
    for (size_t s = 0; result && s < count; s++) {
        PyList_SetItem(result, (Py_ssize_t)s, PyLong_FromSize_t(changes[s]));
    }
    for (size_t s = 0; sets && s < count; s++) table_free(&sets[s].table);
    if (set_views) release(set_views, count * SET_BUFFERS);
    release(views, 3);
    free(set_views), free(sets), free(changes);
    return result;
}

/* ---- nearest ----------------------------------------------------------------------------- */

typedef struct {
    const Rows *rows;
    const Table *table;
    Scratch *scratches;
    int32_t *labels, *second_labels;
    double *distances, *second_distances;
} Nearest;

static void nearest_task(void *context, size_t task, size_t thread)
{
    const Nearest *job = context;
    const size_t first = task * BLOCK, rest = job->rows->n - first;
    const size_t n = rest < BLOCK ? rest : BLOCK;
    Scratch *scratch = &job->scratches[thread];
    if (!job->distances && !job->second_labels && !job->second_distances) {
        twin->assign_block(job->rows, first, n, job->table, scratch, job->labels);
    } else {
        twin->nearest_block(job->rows, first, n, job->table, scratch, job->labels, job->distances,
                            job->second_labels, job->second_distances);
    }
}

static int run_nearest(Nearest *job, size_t threads)
{
    const size_t blocks = (job->rows->n + BLOCK - 1) / BLOCK;
    threads = useful_threads(threads, blocks);
    job->scratches = calloc(threads, sizeof(Scratch));
    int ready = job->scratches != NULL;
    for (size_t t = 0; ready && t < threads; t++) {
        ready = scratch_room(&job->scratches[t], job->rows->d, 1);
    }
    if (ready) parallel(blocks, threads, job, nearest_task);
    for (size_t t = 0; job->scratches && t < threads; t++) scratch_free(&job->scratches[t]);
    free(job->scratches);
    return ready;
}

PyDoc_STRVAR(nearest_doc,
             "nearest(rows, wide, n, d, origin, centres, k, labels, distances, second_labels,\n"
             "        second_distances, threads)\n\n"
             "Fill the four arrays; all but the labels may be None.");

static PyObject *py_nearest(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *values, *origin, *centres, *labels, *distances, *seconds, *further;
    Py_ssize_t n, d, k, threads;
    Rows rows = {0};
    if (!PyArg_ParseTuple(arguments, "OinnOOnOOOOn", &values, &rows.wide, &n, &d, &origin, &centres,
                          &k, &labels, &distances, &seconds, &further, &threads)) {
        return NULL;
    }
    rows.n = (size_t)n, rows.d = (size_t)d;
    Py_buffer views[8] = {{0}};
    Table table = {0};
    int ready = read_rows(values, origin, Py_None, &rows, views) &&
                take(centres, &views[3], (size_t)(k * d) * sizeof(double), 0) &&
                take(labels, &views[4], rows.n * sizeof(int32_t), 1) &&
                take(distances, &views[5], rows.n * sizeof(double), 1) &&
                take(seconds, &views[6], rows.n * sizeof(int32_t), 1) &&
                take(further, &views[7], rows.n * sizeof(double), 1);
    if (ready && n > 0) {
        Nearest job = {&rows, &table, NULL, views[4].buf, views[6].buf, views[5].buf, views[7].buf};
        Py_BEGIN_ALLOW_THREADS
        rows.scale = unit_scale(views[3].buf, (size_t)(k * d), 0);
        ready = table_room(&table, (size_t)k, (size_t)d);
        if (ready) {
            table_fill(&table, views[3].buf, rows.scale);
            ready = run_nearest(&job, (size_t)(threads > 0 ? threads : 1));
        }
        table_free(&table);
        Py_END_ALLOW_THREADS
        if (!ready) PyErr_NoMemory();
    }
    release(views, 8);
    if (!ready) return NULL;
    Py_RETURN_NONE;
}

/* ---- starts ------------------------------------------------------------------------------ */

typedef struct {
    Points points;
    size_t k, trials;
    const double *uniforms; /* s x k x trials, or NULL: the centres are given */
    const double *correction; /* k x d, or NULL: added to the means in every step */
    double *centres;        /* s x k x d */
    double *counts;         /* s x k, or NULL */
    int64_t max_iter;
    double tol;
    Ending *endings;
} Starts;

#define THREAD_WORK 2e5 /* points x columns x centres x starts that take less than a thread costs */

static int points_room(Points *points)
{
    const Rows *rows = &points->rows;
    const size_t groups = points->groups = (rows->n + GROUP - 1) / GROUP;
    points->narrow = aligned_room(groups * GROUP * rows->d * sizeof(float));
    points->lengths = aligned_room(groups * GROUP * sizeof(float));
    points->columns = aligned_room(groups * GROUP * rows->d * sizeof(double));
    points->mass = aligned_room(groups * GROUP * sizeof(double));
    return points->narrow && points->lengths && points->columns && points->mass;
}

static void points_fill(Points *points)
{
    Rows *rows = &points->rows;
    rows->scale = unit_scale(rows->values, rows->n * rows->d, 0);
    for (size_t g = 0; g < points->groups; g++) {
        const size_t first = g * GROUP, rest = rows->n - first, n = rest < GROUP ? rest : GROUP;
        twin->prepare_group(rows, first, n, points->narrow + first * rows->d,
                            points->lengths + first);
        twin->fill_columns(rows, first, n, 1.0, points->columns + first * rows->d);
        for (size_t i = 0; i < GROUP; i++) {
            points->mass[first + i] = i >= n ? 0.0 : rows->weights ? rows->weights[first + i] : 1.0;
        }
    }
}

static void points_free(Points *points)
{
    free(points->narrow), free(points->lengths), free(points->columns), free(points->mass);
}

static void starts_task(void *context, size_t task, size_t thread)
{
    (void)thread;
    const Starts *job = context;
    const size_t k = job->k, d = job->points.rows.d;
    double *centres = job->centres + task * k * d;
    if (job->uniforms) {
        int64_t *chosen = malloc(k * sizeof *chosen);
        const double *uniforms = job->uniforms + task * k * job->trials;
        if (!chosen || twin->seed(&job->points, k, job->trials, uniforms, chosen)) {
            job->endings[task].failed = 1;
            free(chosen);
            return;
        }
        for (size_t c = 0; c < k; c++) {
            const double *row = (const double *)job->points.rows.values + (size_t)chosen[c] * d;
            memcpy(centres + c * d, row, d * sizeof(double));
        }
        free(chosen);
    }
    twin->lloyd(&job->points, k, job->correction, centres, job->max_iter, job->tol,
                job->counts ? job->counts + task * k : NULL, &job->endings[task]);
}

static int run_starts(Starts *job, size_t count, size_t threads, double *inertia,
                      int64_t *iterations, uint8_t *converged)
{
    job->endings = calloc(count, sizeof(Ending));
    int ready = points_room(&job->points) && job->endings;
    if (ready) {
        points_fill(&job->points);
        const double work = (double)job->points.rows.n * (double)(job->k * job->points.rows.d);
        if (work * (double)count < THREAD_WORK) threads = 1;
        parallel(count, threads < count ? threads : count, job, starts_task);
        for (size_t s = 0; s < count; s++) {
            inertia[s] = job->endings[s].inertia;
            iterations[s] = job->endings[s].iterations;
            converged[s] = job->endings[s].converged;
            ready &= !job->endings[s].failed;
        }
    }
    points_free(&job->points);
    free(job->endings);
    return ready;
}

PyDoc_STRVAR(starts_doc,
             "starts(points, weights, m, d, k, uniforms, s, trials, max_iter, tol, threads,\n"
             "       correction, centres, inertia, iterations, converged, counts)\n\n"
             "Fill the last five arrays; without uniforms the centres are where to start.");

static PyObject *py_starts(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *values, *weights, *uniforms, *correction, *centres, *inertia, *iterations, *converged, *counts;
    Py_ssize_t m, d, k, s, trials, max_iter, threads;
    Starts job = {0};
    if (!PyArg_ParseTuple(arguments, "OOnnnOnnndnOOOOOO", &values, &weights, &m, &d, &k, &uniforms,
                          &s, &trials, &max_iter, &job.tol, &threads, &correction, &centres,
                          &inertia, &iterations, &converged, &counts)) {
        return NULL;
    }
    if (m < 1 || d < 1 || k < 1 || k > UINT16_MAX + 1) {
        PyErr_SetString(PyExc_ValueError, "No points, or more centres than 16 bits can number");
        return NULL;
    }
    Rows *rows = &job.points.rows;
    *rows = (Rows){.wide = 1, .n = (size_t)m, .d = (size_t)d, .scale = 1.0};
    job.k = (size_t)k, job.trials = (size_t)trials, job.max_iter = max_iter;
    Py_buffer views[10] = {{0}};
    int ready = read_rows(values, Py_None, weights, rows, views) &&
                take(uniforms, &views[3], (size_t)(s * k * trials) * sizeof(double), 0) &&
                take(centres, &views[4], (size_t)(s * k * d) * sizeof(double), 1) &&
                take(inertia, &views[5], (size_t)s * sizeof(double), 1) &&
                take(iterations, &views[6], (size_t)s * sizeof(int64_t), 1) &&
                take(converged, &views[7], (size_t)s, 1) &&
                take(correction, &views[8], (size_t)(k * d) * sizeof(double), 0) &&
                take(counts, &views[9], (size_t)(s * k) * sizeof(double), 1);
    if (ready && s > 0) {
        job.uniforms = views[3].buf, job.centres = views[4].buf, job.correction = views[8].buf;
        job.counts = views[9].buf;
        Py_BEGIN_ALLOW_THREADS
        ready = run_starts(&job, (size_t)s, (size_t)(threads > 0 ? threads : 1), views[5].buf,
                           views[6].buf, views[7].buf);
        Py_END_ALLOW_THREADS
        if (!ready) PyErr_NoMemory();
    }
    release(views, 10);
    if (!ready) return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(seed_doc, "seed(points, weights, m, d, k, uniforms, trials, chosen)");

static PyObject *py_seed(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *values, *weights, *uniforms, *chosen;
    Py_ssize_t m, d, k, trials;
    Points points = {0};
    if (!PyArg_ParseTuple(arguments, "OOnnnOnO", &values, &weights, &m, &d, &k, &uniforms, &trials,
                          &chosen)) {
        return NULL;
    }
    points.rows = (Rows){.wide = 1, .n = (size_t)m, .d = (size_t)d, .scale = 1.0};
    Py_buffer views[5] = {{0}};
    int ready = read_rows(values, Py_None, weights, &points.rows, views) &&
                take(uniforms, &views[3], (size_t)(k * trials) * sizeof(double), 0) &&
                take(chosen, &views[4], (size_t)k * sizeof(int64_t), 1);
    if (ready) {
        Py_BEGIN_ALLOW_THREADS
        ready = points_room(&points);
        if (ready) {
            points_fill(&points);
            ready = !twin->seed(&points, (size_t)k, (size_t)trials, views[3].buf, views[4].buf);
        }
        points_free(&points);
        Py_END_ALLOW_THREADS
        if (!ready) PyErr_NoMemory();
    }
    release(views, 5);
    if (!ready) return NULL;
    Py_RETURN_NONE;
}

/* ---- instruction sets -------------------------------------------------------------------- */

static PyObject *py_instructions(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    PyObject *names = PyList_New((Py_ssize_t)twin_count);
    for (size_t t = 0; names && t < twin_count; t++) {
        PyList_SetItem(names, (Py_ssize_t)t, PyUnicode_FromString(twins[t]->name));
    }
    return names;
}

static PyObject *py_use(PyObject *module, PyObject *arguments)
{
    (void)module;
    const char *name;
    if (!PyArg_ParseTuple(arguments, "s", &name)) return NULL;
    for (size_t t = 0; t < twin_count; t++) {
        if (strcmp(twins[t]->name, name)) continue;
        twin = twins[t];
        Py_RETURN_NONE;
    }
    return PyErr_Format(PyExc_ValueError, "No such instruction set here: %s", name);
}

static PyMethodDef methods[] = {
    {"sweep", py_sweep, METH_VARARGS, sweep_doc},
    {"nearest", py_nearest, METH_VARARGS, nearest_doc},
    {"starts", py_starts, METH_VARARGS, starts_doc},
    {"seed", py_seed, METH_VARARGS, seed_doc},
    {"instructions", py_instructions, METH_NOARGS, "Name what this processor can run, best first."},
    {"use", py_use, METH_VARARGS, "Choose one of instructions(), for all threads."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_kernels", "The compiled twin of reference.py.", -1, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kernels(void)
{
    twin_count = usable_twins(twins);
    twin = twins[0];
    return PyModule_Create(&definition);
}
