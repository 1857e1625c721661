/* What all instruction sets share: the records, the constants and the table of functions. */
#ifndef SEGMEANS_KERNELS_COMMON_H
#define SEGMEANS_KERNELS_COMMON_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define GROUP 32           /* rows that are scored together and share one bound */
#define BLOCK 8192         /* rows whose sums are taken together; a multiple of STRIP */
#define STRIP 256          /* rows converted together, small enough for the first cache */
#define STRIP_GROUPS (STRIP / GROUP)
#define CACHE_LINE 64
#define TOGETHER 3         /* most sets that are added up together; SETS in polish.py is a multiple */
#define JOINT_BYTES 196608 /* of their cells, most of which stay empty */

#if defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 12)
#define shuffle8(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef int32_t Shuffle __attribute__((vector_size(32)));
#define shuffle8(a, b, ...) __builtin_shuffle(a, b, (Shuffle){__VA_ARGS__})
#endif

/* Rows as the caller holds them. */
typedef struct {
    const void *values;    /* n x d, row-major */
    int wide;              /* 1: float64, 0: float32 */
    size_t n, d;
    const double *origin;  /* d, or NULL: subtracted from every row */
    const double *weights; /* n, or NULL: ones */
    double scale;          /* power of two that brings the centres near one in float32 */
} Rows;

/* One set of centres, ready for scoring in float32 and in float64. */
typedef struct {
    size_t k, d, padded;
    double exact_scale;    /* power of two; 1 unless squares would leave float64 */
    double *centres;       /* k x padded, zeros at the end of each row */
    float *scaled;         /* k x d, times Rows.scale */
    float *half;           /* k: half the squared length of the scaled centre */
    float longest;         /* largest squared length of a scaled centre */
} Table;

/* What is remembered of every row between passes, and what a pass shall do. */
typedef struct {
    Table table;
    void *labels;          /* n of width bytes, or NULL: nothing is remembered */
    int width;             /* 1 or 2 */
    float *deadlines;      /* n / GROUP rounded up: the drift up to which no label changes */
    double drift;          /* sum of what the centres may have moved since the first pass */
    int bounded;           /* labels and deadlines are valid: use them */
    int delta;             /* add up what changed; else everything */
    size_t slot;           /* its place among all sets, those at rest included: see neighbours */
} Set;

/* Where a pass over one block adds up for one set. */
typedef struct {
    double *cells;         /* k cells, cell_stride apart: weighted sums, weight, zeros */
    double inertia;        /* not in delta mode */
    size_t changes;
} Partial;

/* One set, or neighbours, that add up every row of a block. */
typedef struct {
    size_t first, count;   /* which sets */
    size_t joint;          /* cells: one for every choice of a cluster of each */
    double *cells;
} Adding;

/* Rows of one strip, converted when first needed. */
typedef struct {
    float *narrow;         /* groups x d x GROUP */
    float *lengths;        /* groups x GROUP: squared lengths of the narrow rows */
    double *padded;        /* STRIP x cell_width: cells of rows, zeros from the start behind them */
    double *columns;       /* d x GROUP, for one group in doubt */
    int32_t *labels;       /* sets x BLOCK */
    Adding *adding;        /* the sets that add up everything */
    double *joint;         /* the cells of all neighbours */
    uint8_t narrow_ready[STRIP_GROUPS];
} Scratch;

/* Points of a search, prepared once for many starts. */
typedef struct {
    Rows rows;             /* float64, no origin */
    size_t groups;
    float *narrow;         /* groups x d x GROUP */
    float *lengths;        /* groups x GROUP */
    double *columns;       /* groups x d x GROUP: the rows as they are, for seeding */
    double *mass;          /* groups x GROUP: weights, zeros at the end */
} Points;

typedef struct {
    double inertia;
    int64_t iterations;
    uint8_t converged;
    int failed;            /* no memory */
} Ending;

/* How far a climb goes; see climb.py. */
typedef struct {
    size_t tries, per_centre, candidates;
    int64_t exchanges, max_iter;
    double tol;
} Climbing;

/* The functions that exist once per instruction set. */
typedef struct {
    const char *name;
    void (*visit_block)(const Rows *, const Points *, size_t first, size_t n, Set *sets,
                        Partial *partials, size_t count, Scratch *);
    void (*nearest_block)(const Rows *, size_t first, size_t n, const Table *, Scratch *,
                          int32_t *labels, double *distances, int32_t *second_labels,
                          double *second_distances);
    void (*assign_block)(const Rows *, size_t first, size_t n, const Table *, Scratch *,
                         int32_t *labels);
    void (*prepare_group)(const Rows *, size_t first, size_t n, float *narrow, float *lengths);
    void (*fill_columns)(const Rows *, size_t first, size_t n, double scale, double *columns);
    int (*seed)(const Points *, size_t k, size_t trials, const double *uniforms, int64_t *chosen);
    void (*lloyd)(const Points *, size_t k, const double *correction, double *centres,
                  int64_t max_iter, double tol, double *counts, Ending *);
    void (*climb)(const Points *, size_t k, double *centres, int32_t *labels,
                  const int64_t *candidates, const Climbing *, Ending *);
} Twin;

static inline size_t round_up(size_t value, size_t step) { return (value + step - 1) / step * step; }

/* Rows of doubles are padded so that whole vectors can be added without a remainder. */
static inline size_t padded_width(size_t d) { return d <= 2 ? 2 : d <= 4 ? 4 : round_up(d, 8); }

/* The weight of a row stands behind its columns: in the padding, else in two more doubles. */
static inline size_t cell_width(size_t d)
{
    return padded_width(d) > d ? padded_width(d) : d + 2;
}

/* Cells do not cross more cache lines than they must. */
static inline size_t cell_stride(size_t width) { return width <= 4 ? width : round_up(width, 8); }

static inline void *aligned_room(size_t bytes)
{
    void *room = NULL;
    if (posix_memalign(&room, CACHE_LINE, bytes ? round_up(bytes, CACHE_LINE) : CACHE_LINE)) {
        return NULL;
    }
    return room;
}

static inline double value_at(const Rows *rows, size_t row, size_t column)
{
    size_t at = row * rows->d + column;
    double value = rows->wide ? ((const double *)rows->values)[at]
                              : (double)((const float *)rows->values)[at];
    return rows->origin ? value - rows->origin[column] : value;
}

static inline int table_room(Table *table, size_t k, size_t d)
{
    memset(table, 0, sizeof *table);
    table->k = k, table->d = d, table->padded = padded_width(d);
    table->centres = aligned_room(k * table->padded * sizeof(double));
    table->scaled = aligned_room(k * d * sizeof(float));
    table->half = aligned_room(k * sizeof(float));
    return table->centres && table->scaled && table->half;
}

static inline void table_free(Table *table)
{
    free(table->centres), free(table->scaled), free(table->half);
}

/* The largest size of some values; NaN counts for nothing. */
static inline double largest_size(const double *values, size_t count)
{
    typedef double pair __attribute__((vector_size(16), aligned(8), may_alias));
    typedef int64_t bits __attribute__((vector_size(16), may_alias));
    const bits size = (bits){INT64_MAX, INT64_MAX};
    pair largest[4] = {{0}, {0}, {0}, {0}}; /* side by side: one would wait for itself */
    const size_t whole = count / 8 * 8;
    for (size_t i = 0; i < whole; i += 8) {
        for (size_t l = 0; l < 4; l++) {
            const pair here = (pair)((bits) * (const pair *)(values + i + 2 * l) & size);
            const bits more = (bits)(here > largest[l]);
            largest[l] = (pair)((more & (bits)here) | (~more & (bits)largest[l]));
        }
    }
    double most = 0.0;
    for (size_t l = 0; l < 8; l++) most = fmax(most, largest[l / 2][l % 2]);
    for (size_t i = whole; i < count; i++) most = fmax(most, fabs(values[i]));
    return most;
}

/* Power of two 2^-e with e the exponent of the largest centre; 1 for centres at the origin. */
static inline double unit_scale(const double *centres, size_t values, int threshold)
{
    int exponent = 0;
    frexp(largest_size(centres, values), &exponent);
    exponent = exponent < -1000 ? -1000 : exponent > 1000 ? 1000 : exponent;
    return abs(exponent) > threshold ? ldexp(1.0, -exponent) : 1.0;
}

/* The centres in float32, for scores. */
static inline void table_narrow(Table *table, const double *centres, double scale)
{
    const size_t d = table->d;
    double longest = 0.0;
    for (size_t c = 0; c < table->k; c++, centres += d) {
        float *scaled = table->scaled + c * d;
        double square = 0.0;
        for (size_t j = 0; j < d; j++) {
            const double value = centres[j] * scale;
            scaled[j] = (float)value;
            square += value * value;
        }
        table->half[c] = (float)(0.5 * square);
        longest = square > longest ? square : longest;
    }
    /* beyond this the squares of the bound could overflow: infinity sends all to float64 */
    table->longest = longest < 1e17 ? (float)longest : INFINITY;
}

static inline void table_fill(Table *table, const double *centres, double scale)
{
    const size_t d = table->d;
    table->exact_scale = unit_scale(centres, table->k * d, 300);
    for (size_t c = 0; c < table->k; c++) {
        double *row = table->centres + c * table->padded;
        memset(row, 0, table->padded * sizeof(double));
        memcpy(row, centres + c * d, d * sizeof(double));
    }
    table_narrow(table, centres, scale);
}

/* Find the sets at the head of `sets` that are added up together; returns how many.
 *
 * A row is added once for all of them, to the cell of its clusters; the sums of each are put
 * together at the end of a block. Who is whose neighbour depends on the slots alone, so that a set
 * has the same sums, to the last bit, whether all sets are given at once or so many first. */
static inline size_t neighbours(const Set *sets, size_t count, size_t *joint)
{
    const size_t cell = cell_stride(cell_width(sets->table.d)) * sizeof(double);
    size_t found = 1;
    *joint = sets->table.k;
    if (sets->delta) return found;
    for (; found < count && (sets->slot + found) % TOGETHER; found++) {
        const Set *next = &sets[found];
        const size_t cells = *joint * next->table.k;
        if (next->delta || next->slot != sets->slot + found || cells > JOINT_BYTES / cell) break;
        *joint = cells;
    }
    return found;
}

static inline void scratch_free(Scratch *scratch)
{
    free(scratch->narrow), free(scratch->lengths), free(scratch->padded), free(scratch->columns);
    free(scratch->labels), free(scratch->adding), free(scratch->joint);
}

static inline int scratch_room(Scratch *scratch, size_t d, const Set *sets, size_t count)
{
    const size_t padded = STRIP * cell_width(d) * sizeof(double);
    size_t joint = 0;
    for (size_t s = 0, some, cells; sets && s < count; s += some) {
        some = neighbours(&sets[s], count - s, &cells);
        if (some > 1) joint += cells * cell_stride(cell_width(d));
    }
    memset(scratch, 0, sizeof *scratch);
    scratch->narrow = aligned_room(STRIP * d * sizeof(float));
    scratch->lengths = aligned_room(STRIP * sizeof(float));
    scratch->padded = aligned_room(padded);
    scratch->columns = aligned_room(GROUP * d * sizeof(double));
    scratch->labels = aligned_room(count * BLOCK * sizeof(int32_t));
    scratch->joint = aligned_room(joint * sizeof(double));
    scratch->adding = malloc((count + 1) * sizeof(Adding));
    if (scratch->padded) memset(scratch->padded, 0, padded);
    return scratch->narrow && scratch->lengths && scratch->padded && scratch->columns &&
           scratch->labels && scratch->joint && scratch->adding;
}

static inline size_t partial_width(const Table *table)
{
    return round_up(table->k * cell_stride(cell_width(table->d)), 8);
}

static inline size_t totals_width(const Table *table) { return table->k * (table->d + 1) + 1; }

static inline void partial_place(Partial *partial, const Table *table, double *room)
{
    *partial = (Partial){room, 0.0, 0};
    memset(room, 0, partial_width(table) * sizeof(double));
}

/* Add one block to totals: k x (d sums, weight), then the inertia. */
static inline void reduce(const Set *set, const Partial *partial, double *totals)
{
    const Table *table = &set->table;
    const double *cell = partial->cells;
    if (set->delta && !partial->changes) return;
    for (size_t c = 0; c < table->k; c++, cell += cell_stride(cell_width(table->d))) {
        for (size_t j = 0; j <= table->d; j++) *totals++ += cell[j];
    }
    *totals += partial->inertia;
}

#endif
