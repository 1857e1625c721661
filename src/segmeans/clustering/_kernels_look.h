/* Looking at rows: which of them must be looked at again, and what is seen.
 *
 * Included once per instruction set, after _kernels_start.h. `near` and `next` are a row's
 * distances to its own centre and to the nearest other one when it was last looked at. Its two
 * distances can approach by no more than the drift since then, the sum of the two longest shifts
 * of each step (Hamerly, SDM 2010), so the label holds while the drift is below `limit` = drift
 * then + next - near, less the rounding of both. What float32 can tell saves most of the looks.
 */
#define SURE 0x1p-20f
#define MANY 8

/* Where a climb stands: labels, and the centres that are their means. */
typedef struct {
    double *centres; /* k x d */
    double *mass;    /* k */
    double *sums;    /* k x d: the weighted sums of the rows, in step with the labels */
    size_t *counts;  /* k */
    int32_t *labels; /* n */
    double inertia;
    int settled;
    int64_t iterations;
} Stand;

typedef struct {
    const Points *points;
    size_t k;
    double heaviest;             /* weight */
    double *near, *next, *limit; /* groups x GROUP */
    double drift;
    double *before, *scale, *floor; /* k x d, k, k */
    double *columns;                /* d x GROUP, rows that are looked at again */
    int32_t *listed, *was;          /* n */
    Table table;                    /* the centres in float32, to see which rows need a look */
    float *factor, *share;          /* k: of squared distances and distances, see raise_limits */
} Descent;

INLINE size_t rows_of(const Points *points, size_t group)
{
    const size_t rest = points->rows.n - group * GROUP;
    return rest < GROUP ? rest : GROUP;
}

INLINE const double *row_of(const Points *points, size_t row)
{
    return (const double *)points->rows.values + row * points->rows.d;
}

/* Squared distances of a group to its nearest and second nearest centre. */
INLINE void look(const double *columns, const double *centres, size_t k, size_t d, double *near,
                 double *next, double *labels)
{
    const int vectors = GROUP / VD, wide = vectors < 4 ? vectors : 4;
    for (int at = 0; at < vectors; at += wide) {
        vd best[4], second[4], label[4];
        for (int r = 0; r < wide; r++) {
            best[r] = second[r] = vd_set(INFINITY), label[r] = vd_set(0.0);
        }
        for (size_t c = 0; c < k; c++) {
            vd sum[4] = {{0}, {0}, {0}, {0}};
            for (size_t j = 0; j < d; j++) {
                const vd value = vd_set(centres[c * d + j]);
                for (int r = 0; r < wide; r++) {
                    const vd offset = vd_load(columns + j * GROUP + (at + r) * VD) - value;
                    sum[r] = sum[r] + offset * offset;
                }
            }
            const vd number = vd_set((double)c);
            for (int r = 0; r < wide; r++) {
                const lanes_t nearer = vd_less(sum[r], best[r]);
                second[r] = vd_min(second[r], vd_max(sum[r], best[r]));
                best[r] = vd_min(sum[r], best[r]);
                label[r] = vd_pick(nearer, number, label[r]);
            }
        }
        for (int r = 0; r < wide; r++) {
            vd_store(near + (at + r) * VD, best[r]), vd_store(next + (at + r) * VD, second[r]);
            vd_store(labels + (at + r) * VD, label[r]);
        }
    }
}

/* Squared distances of a group to its own centres, and the least of the others, scaled. */
INLINE void look_beside(const double *columns, const double *centres, const double *scale, size_t k,
                        size_t d, const double *labels, double *own, double *other)
{
    const int vectors = GROUP / VD, wide = vectors < 4 ? vectors : 4;
    const vd far = vd_set(INFINITY);
    for (int at = 0; at < vectors; at += wide) {
        vd mine[4], least[4], label[4];
        for (int r = 0; r < wide; r++) {
            mine[r] = vd_set(0.0), least[r] = far, label[r] = vd_load(labels + (at + r) * VD);
        }
        for (size_t c = 0; c < k; c++) {
            vd sum[4] = {{0}, {0}, {0}, {0}};
            for (size_t j = 0; j < d; j++) {
                const vd value = vd_set(centres[c * d + j]);
                for (int r = 0; r < wide; r++) {
                    const vd offset = vd_load(columns + j * GROUP + (at + r) * VD) - value;
                    sum[r] = sum[r] + offset * offset;
                }
            }
            const vd number = vd_set((double)c), factor = vd_set(scale[c]);
            for (int r = 0; r < wide; r++) {
                const lanes_t other_one = vd_differs(label[r], number);
                mine[r] = vd_pick(other_one, mine[r], sum[r]);
                least[r] = vd_min(least[r], vd_pick(other_one, sum[r] * factor, far));
            }
        }
        for (int r = 0; r < wide; r++) {
            vd_store(own + (at + r) * VD, mine[r]), vd_store(other + (at + r) * VD, least[r]);
        }
    }
}

/* The share by which computed distances are widened to cover their rounding. */
INLINE double rounding(size_t d) { return (double)(d + 4) * 0x1p-51; }

/* Turn squared distances of a group into distances and limits, from `first` on. */
INLINE void set_limits(Descent *run, size_t first, const double *near, const double *next)
{
    const double eps = rounding(run->points->rows.d), less_sure = 1.0 - eps, more = 1.0 + eps;
    for (size_t i = 0; i < GROUP; i++) {
        const double close = sqrt(near[i]), far = sqrt(next[i]);
        run->near[first + i] = close, run->next[first + i] = far;
        run->limit[first + i] = run->drift + (far * less_sure - close * more);
    }
}

/* What raise_limits keeps of two vectors of rows. */
typedef struct {
    vf low, own, other, share;
    vi label;
} Seen;

/* The own distances of a tile and the least of the others, squared, less |y|^2. */
INLINE void see_tile(const Descent *run, const float *columns, size_t first, const size_t count,
                     Seen *seen, const int exchanging)
{
    vf score[TILE_CENTRES][TILE_ROWS];
    scores(columns, &run->table, first, count, score);
#pragma GCC unroll 8
    for (size_t c = 0; c < count; c++) {
        const vi number = vi_set((int32_t)(first + c));
        const vf factor = vf_set(run->factor[first + c]), share = vf_set(run->share[first + c]);
#pragma GCC unroll 8
        for (int r = 0; r < TILE_ROWS; r++) {
            const mask_t mine = equals(seen[r].label, number);
            const vf twice = score[c][r] + score[c][r];
            vf least = seen[r].low + twice;
            if (exchanging) {
                least = least * factor;
                seen[r].share = vf_select(mine, share, seen[r].share);
            }
            seen[r].own = vf_select(mine, twice, seen[r].own);
            /* where `least` is no number, the minimum is what it was */
            seen[r].other = vf_min(vf_select(mine, vf_set(FLT_MAX), least), seen[r].other);
        }
    }
}

/* Raise the limits of a group as far as float32 can tell.
 *
 * The scores of _kernels_score.h give |y|^2 + 2 s, the squared distance times the scale squared.
 * Each score errs by at most half of doubt, |y|^2 and the sums by less than doubt, so that twice
 * doubt covers all of it; SURE covers what the roots and factors round. The own distance enters
 * in full, the least of the others times the factor of its cluster, its root times the share of
 * the own one. Labels hold where factors and shares are 1; for exchanges see list_paying. */
INLINE void raise_limits(Descent *run, const Stand *stand, size_t g, const int exchanging)
{
    const Table *table = &run->table;
    const size_t d = table->d, k = table->k, n = rows_of(run->points, g);
    const size_t tiles = (k + TILE_CENTRES - 1) / TILE_CENTRES;
    const float *columns = run->points->narrow + g * GROUP * d;
    const vf width = vf_set((float)(2 * d + 6) * 0x1p-23f), longest = vf_set(table->longest);
    const vf zero = vf_set(0.0f);
    int32_t labels[GROUP] __attribute__((aligned(CACHE_LINE)));
    float close[GROUP] __attribute__((aligned(CACHE_LINE)));
    float apart[GROUP] __attribute__((aligned(CACHE_LINE)));
    for (size_t i = 0; i < GROUP; i++) {
        labels[i] = stand->labels[g * GROUP + (i < n ? i : n - 1)];
    }
    for (int at = 0; at < GROUP; at += TILE_ROWS * VL) {
        vf high[TILE_ROWS];
        Seen seen[TILE_ROWS];
        for (int r = 0; r < TILE_ROWS; r++) {
            const vf length = vf_load(run->points->lengths + g * GROUP + at + r * VL);
            vf doubt = width * (longest + vf_set(0.5f) * length) + vf_set(TINY);
            doubt = doubt + doubt;
            high[r] = length + doubt;
            seen[r] = (Seen){length - doubt, zero, vf_set(FLT_MAX), vf_set(1.0f),
                             *(const vi *)(labels + at + r * VL)};
        }
        for (size_t t = 0, c = 0; t < tiles; t++) {
            const size_t count = (k - c + tiles - t - 1) / (tiles - t);
#define SEE_TILE(n) see_tile(run, columns + at, c, n, seen, exchanging)
            WITH_COUNT(count, SEE_TILE);
#undef SEE_TILE
            c += count;
        }
        for (int r = 0; r < TILE_ROWS; r++) {
            const vf near = vf_sqrt(high[r] + seen[r].own); /* no number raises no limit */
            const vf next = vf_sqrt(vf_max(seen[r].other, zero)) * seen[r].share;
            vf_store(close + at + r * VL, near * vf_set(1.0f + SURE));
            vf_store(apart + at + r * VL, next * vf_set(1.0f - SURE));
        }
    }
    const double unit = 1.0 / run->points->rows.scale, drift = run->drift;
    double *limit = run->limit + g * GROUP;
    double *kept = run->near + g * GROUP, *beyond = run->next + g * GROUP;
    for (size_t i = 0; i < GROUP; i++) {
        const double near = (double)close[i] * unit, next = (double)apart[i] * unit;
        const double raised = drift + (next - near);
        const int higher = raised > limit[i];
        limit[i] = higher ? raised : limit[i];
        if (exchanging) continue;
        kept[i] = higher ? near : kept[i];
        beyond[i] = higher ? next : beyond[i];
    }
}

/* The rows of a group whose limit the drift has reached, a bit each. */
INLINE uint32_t due_rows(const Descent *run, size_t g)
{
    const size_t n = rows_of(run->points, g);
    const vd *limit = (const vd *)(run->limit + g * GROUP), drift = vd_set(run->drift);
    uint32_t due = 0;
    for (int r = 0; r < GROUP / VD; r++) due |= vd_bits(vd_reaches(drift, limit[r])) << r * VD;
    return n < GROUP ? due & ((1u << n) - 1u) : due;
}

/* List the rows whose limit the drift has reached. Where they are many, float32 looks at all of
 * their group first. */
INLINE size_t list_rows(Descent *run, const Stand *stand, const int exchanging)
{
    size_t count = 0;
    int filled = 0;
    for (size_t g = 0; g < run->points->groups; g++) {
        uint32_t due = due_rows(run, g);
        if (__builtin_popcount(due) >= MANY) {
            if (!filled) table_narrow(&run->table, stand->centres, run->points->rows.scale);
            filled = 1;
            raise_limits(run, stand, g, exchanging);
            due = due_rows(run, g);
        }
        for (; due; due &= due - 1) {
            run->listed[count++] = (int32_t)(g * GROUP + (size_t)__builtin_ctz(due));
        }
    }
    return count;
}

/* Columns of some listed rows; the last one fills the group. */
INLINE void gather(const Descent *run, const int32_t *rows, size_t count)
{
    const size_t d = run->points->rows.d;
    for (size_t i = 0; i < GROUP; i++) {
        const double *row = row_of(run->points, (size_t)rows[i < count ? i : count - 1]);
        for (size_t j = 0; j < d; j++) run->columns[j * GROUP + i] = row[j];
    }
}
