/* Scores: which centre is nearest, in float32 where that is certain, else in float64.
 *
 * Included once per instruction set.
 *
 * With y the row and c a centre, both times a power of two, the score is s = |c|^2/2 - y.c, half
 * the squared distance less what all centres share. Let u = 2^-24. Rounding y, c and |c|^2/2 to
 * float32 errs by at most (2u + u^2) sum|y_j c_j| + u |c|^2/2; the chain of d fused operations by
 * d u (|c|^2/2 + sum|y_j c_j|), to first order (Higham, Accuracy and Stability of Numerical
 * Algorithms, 2002, section 3.1). With sum|y_j c_j| <= |y||c| <= (|y|^2 + |c|^2)/2 each score errs
 * by at most E = (d + 3) u (C + |y|^2/2), C the largest |c|^2. Without fused operations each step
 * rounds twice, which 2 d instead of d covers. DOUBT uses 2 d + 6 throughout, which also covers
 * the second-order terms, the rounding of the bound itself and of |y|^2 (d u relative, with
 * d u < 1/8 asked of the caller), and the rounding of the float64 difference form (2^-29 of it).
 * TINY covers what underflows. So where the best two scores lie further apart than
 * doubt = 2 DOUBT (C + |y|^2/2), the best is the one the difference form gives. Infinities and
 * NaN fail that comparison and end in float64 as well.
 *
 * How far must centres move before the label can change? With g = s2 - s1 - 2 doubt and
 * D = |y|^2 + 2 s1 <= the squared distance to the nearest centre plus doubt, every other centre is
 * further by at least sqrt(D + 2g) - sqrt(D) >= g / sqrt(D + 2g) (Hamerly, SDM 2010, for single
 * rows). One of the two doubts in g pays for the scores, the other keeps this margin above the
 * rounding of float64. The group keeps the least margin of its rows.
 */
#define TINY 0x1p-90f
#define LONGEST 1e17f /* of |y|^2: beyond, squares of the margin could overflow */

/* Call something with the number of centres of a tile as a constant; none has more than six. */
#define COUNT_OF(n) ((n) <= TILE_CENTRES ? (n) : TILE_CENTRES)
#define WITH_COUNT(count, call)                                                                    \
    switch (count) {                                                                               \
    case 1: call(COUNT_OF(1)); break;                                                              \
    case 2: call(COUNT_OF(2)); break;                                                              \
    case 3: call(COUNT_OF(3)); break;                                                              \
    case 4: call(COUNT_OF(4)); break;                                                              \
    case 5: call(COUNT_OF(5)); break;                                                              \
    default: call(COUNT_OF(6));                                                                    \
    }

/* One tile: the scores of TILE_ROWS vectors of rows for `count` centres from `first` on. */
INLINE void scores(const float *columns, const Table *table, size_t first, const size_t count,
                   vf score[TILE_CENTRES][TILE_ROWS])
{
    const size_t d = table->d;
    const float *coefficient = table->scaled + first * d;
#pragma GCC unroll 8
    for (size_t c = 0; c < count; c++) {
#pragma GCC unroll 8
        for (int r = 0; r < TILE_ROWS; r++) score[c][r] = vf_set(table->half[first + c]);
    }
    for (size_t j = 0; j < d; j++) {
        vf row[TILE_ROWS];
#pragma GCC unroll 8
        for (int r = 0; r < TILE_ROWS; r++) row[r] = vf_load(columns + j * GROUP + r * VL);
#pragma GCC unroll 8
        for (size_t c = 0; c < count; c++) {
            vf value = vf_set(coefficient[c * d + j]);
#pragma GCC unroll 8
            for (int r = 0; r < TILE_ROWS; r++) score[c][r] = vf_fnma(row[r], value, score[c][r]);
        }
    }
}

/* The best and second best of a tile and what came before it. */
INLINE void tile(const float *columns, const Table *table, size_t first, const size_t count,
                 vf *best, vf *second, vi *labels)
{
    vf score[TILE_CENTRES][TILE_ROWS];
    scores(columns, table, first, count, score);
#pragma GCC unroll 8
    for (size_t c = 0; c < count; c++) {
        vi label = vi_set((int32_t)(first + c));
#pragma GCC unroll 8
        for (int r = 0; r < TILE_ROWS; r++) {
            mask_t nearer = less(score[c][r], best[r]);
            second[r] = vf_min(second[r], vf_max(best[r], score[c][r]));
            best[r] = vf_min(score[c][r], best[r]);
            labels[r] = vi_select(nearer, label, labels[r]);
        }
    }
}

/* Label the 32 rows of a group. *doubtful is set where float32 cannot tell for at least one row.
 * Where it is wanted, return the drift up to which no label changes, 0 in doubt. */
INLINE float score_group(const float *columns, const float *lengths, const Table *table,
                         int32_t *labels, const int wanted, int *doubtful)
{
    const float factor = (float)(2 * table->d + 6) * 0x1p-23f;
    const vf width = vf_set(factor), longest = vf_set(table->longest), zero = vf_set(0.0f);
    const size_t k = table->k, tiles = (k + TILE_CENTRES - 1) / TILE_CENTRES;
    vf margin = vf_set(FLT_MAX);
    int certain = 1;
    for (int at = 0; at < GROUP; at += TILE_ROWS * VL) {
        vf best[TILE_ROWS], second[TILE_ROWS];
        vi label[TILE_ROWS];
        for (int r = 0; r < TILE_ROWS; r++) {
            best[r] = second[r] = vf_set(FLT_MAX), label[r] = vi_set(0);
        }
        for (size_t t = 0, c = 0; t < tiles; t++) {
            size_t count = (k - c + tiles - t - 1) / (tiles - t);
#define SCORE_TILE(n) tile(columns + at, table, c, n, best, second, label)
            WITH_COUNT(count, SCORE_TILE);
#undef SCORE_TILE
            c += count;
        }
        for (int r = 0; r < TILE_ROWS; r++) {
            vf length = vf_load(lengths + at + r * VL);
            vf doubt = width * (longest + vf_set(0.5f) * length) + vf_set(TINY);
            vf apart = second[r] - best[r];
            *(vi *)(labels + at + r * VL) = label[r];
            certain &= all_lanes(less(doubt, apart));
            if (!wanted) continue;
            vf near = vf_max(length + best[r] + best[r], zero) + apart + apart + doubt + doubt;
            vf sure = vf_max(apart - doubt - doubt, zero);
            margin = vf_min(margin, sure * sure * vf_reciprocal(near));
        }
    }
    *doubtful = !certain;
    /* the reciprocal may be 2^-14 too large, its root half as much */
    return certain && wanted ? sqrtf(smallest(margin)) * (1.0f - 0x1p-14f) : 0.0f;
}

/* The two nearest of 32 rows in the difference form; `columns` are d x GROUP doubles. */
INLINE void exact_group(const double *columns, const Table *table, vd *near, vl *label, vd *far,
                            vl *second)
{
    const size_t d = table->d;
    const int vectors = GROUP / VD, wide = vectors < 4 ? vectors : 4;
    for (int at = 0; at < vectors; at += wide) {
        vd best[4], next[4];
        vl first[4], other[4];
        for (int r = 0; r < wide; r++) {
            best[r] = next[r] = vd_set(INFINITY);
            first[r] = (vl){0}, other[r] = (vl){0} - 1;
        }
        for (size_t c = 0; c < table->k; c++) {
            const double *centre = table->centres + c * table->padded;
            vd sum[4] = {{0}, {0}, {0}, {0}};
            vl here = (vl){0} + (int64_t)c;
            for (size_t j = 0; j < d; j++) {
                vd value = vd_set(centre[j] * table->exact_scale);
                for (int r = 0; r < wide; r++) {
                    vd offset = vd_load(columns + j * GROUP + (at + r) * VD) - value;
                    sum[r] = sum[r] + offset * offset;
                }
            }
            for (int r = 0; r < wide; r++) {
                vl nearer = (vl)(sum[r] < best[r]), nextly = (vl)(sum[r] < next[r]);
                if (c == 0) nearer = (vl){0} - 1, nextly = (vl){0};
                next[r] = vd_select(nearer, best[r], vd_select(nextly, sum[r], next[r]));
                other[r] = (nearer & first[r]) | (~nearer & ((nextly & here) | (~nextly & other[r])));
                best[r] = vd_select(nearer, sum[r], best[r]);
                first[r] = (nearer & here) | (~nearer & first[r]);
                if (c == 0) other[r] = (vl){0} - 1;
                if (c == 1) { /* infinite distances have a second label too */
                    vl none = (vl)(other[r] < 0);
                    other[r] = (none & here) | (~none & other[r]);
                }
            }
        }
        for (int r = 0; r < wide; r++) {
            near[at + r] = best[r], label[at + r] = first[r];
            far[at + r] = next[r], second[at + r] = other[r];
        }
    }
}

/* Rows of one group as columns of doubles; rows past the end repeat the last one. */
INLINE void spread_columns(const Rows *rows, size_t first, size_t n, double scale, double *columns,
                           const int wide, const int shifted)
{
    const size_t d = rows->d;
    for (size_t i = 0; i < GROUP; i++) {
        const size_t at = (first + (i < n ? i : n - 1)) * d;
        for (size_t j = 0; j < d; j++) {
            double value = wide ? ((const double *)rows->values)[at + j]
                                : (double)((const float *)rows->values)[at + j];
            if (shifted) value -= rows->origin[j];
            columns[j * GROUP + i] = value * scale;
        }
    }
}

static void fill_columns(const Rows *rows, size_t first, size_t n, double scale, double *columns)
{
    if (rows->wide && !rows->origin) spread_columns(rows, first, n, scale, columns, 1, 0);
    else if (rows->wide) spread_columns(rows, first, n, scale, columns, 1, 1);
    else if (!rows->origin) spread_columns(rows, first, n, scale, columns, 0, 0);
    else spread_columns(rows, first, n, scale, columns, 0, 1);
}

/* Decide a group in float64. */
static __attribute__((noinline)) void decide_group(const Rows *rows, size_t first, size_t n,
                                                       const Table *table, double *columns,
                                                       int32_t *labels)
{
    vd near[GROUP / VD], far[GROUP / VD];
    vl label[GROUP / VD], second[GROUP / VD];
    fill_columns(rows, first, n, table->exact_scale, columns);
    exact_group(columns, table, near, label, far, second);
    for (int i = 0; i < GROUP; i++) labels[i] = (int32_t)label[i / VD][i % VD];
}

/* Eight columns of eight rows, from `row` and `column` on, to the same as columns. */
INLINE void transpose_tile(const Rows *rows, size_t row, size_t n, size_t column, float *to,
                           const int wide, const int shifted)
{
    const size_t d = rows->d;
    narrow8 a[8], b[8];
#pragma GCC unroll 8
    for (size_t i = 0; i < 8; i++) {
        const size_t at = (row + (i < n ? i : n - 1)) * d + column;
        wide8 value = wide ? *(const wide8 *)((const double *)rows->values + at)
                           : widen8(*(const narrow8 *)((const float *)rows->values + at));
        if (shifted) value = value - *(const wide8 *)(rows->origin + column);
        a[i] = narrow_8(value * rows->scale);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
        b[i] = shuffle8(a[i], a[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        b[i + 1] = shuffle8(a[i], a[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4) {
        a[i] = shuffle8(b[i], b[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        a[i + 1] = shuffle8(b[i], b[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        a[i + 2] = shuffle8(b[i + 1], b[i + 3], 0, 1, 8, 9, 4, 5, 12, 13);
        a[i + 3] = shuffle8(b[i + 1], b[i + 3], 2, 3, 10, 11, 6, 7, 14, 15);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        *(narrow8 *)(to + i * GROUP) = shuffle8(a[i], a[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        *(narrow8 *)(to + (i + 4) * GROUP) = shuffle8(a[i], a[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

/* Rows of one group as scaled columns of floats. */
INLINE void narrow_group(const Rows *rows, size_t first, size_t n, float *narrow, const int wide,
                         const int shifted)
{
    const size_t d = rows->d;
    for (size_t i = 0; d >= 8 && i < GROUP; i += 8) {
        const size_t row = first + (i < n ? i : n - 1), rest = i < n ? n - i : 1;
        /* the last tile overlaps the one before where d is no multiple of 8 */
        for (size_t j = 0; j < d; j += 8) {
            const size_t column = j + 8 <= d ? j : d - 8;
            transpose_tile(rows, row, rest, column, narrow + column * GROUP + i, wide, shifted);
        }
    }
    for (size_t i = 0; d < 8 && i < GROUP; i++) {
        const size_t row = first + (i < n ? i : n - 1);
        for (size_t j = 0; j < d; j++) {
            narrow[j * GROUP + i] = (float)(value_at(rows, row, j) * rows->scale);
        }
    }
}

/* The same, and their squared lengths. */
static void prepare_group(const Rows *rows, size_t first, size_t n, float *narrow, float *lengths)
{
    if (rows->wide && !rows->origin) narrow_group(rows, first, n, narrow, 1, 0);
    else if (rows->wide) narrow_group(rows, first, n, narrow, 1, 1);
    else if (!rows->origin) narrow_group(rows, first, n, narrow, 0, 0);
    else narrow_group(rows, first, n, narrow, 0, 1);
    for (size_t i = 0; i < GROUP; i += VL) {
        vf square = vf_set(0.0f);
        for (size_t j = 0; j < rows->d; j++) {
            vf value = vf_load(narrow + j * GROUP + i);
            square = square + value * value;
        }
        const mask_t usable = less(square, vf_set(LONGEST));
        vf_store(lengths + i, (vf)vi_select(usable, (vi)square, (vi)vf_set(INFINITY)));
    }
}
