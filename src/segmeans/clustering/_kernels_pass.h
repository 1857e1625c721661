/* Passes: label the rows of one block for several sets of centres and add up their sums.
 *
 * Included once per instruction set, after _kernels_score.h.
 */

/* Rows of one strip as doubles, padded with zeros to whole vectors; where the caller's rows are
 * like that already, they serve themselves. */
static const double *pad_strip(const Rows *rows, size_t first, size_t n, size_t padded, double *room)
{
    const size_t d = rows->d;
    double *to = room;
    if (rows->wide && !rows->origin && d == padded) {
        return (const double *)rows->values + first * d;
    }
    for (size_t i = 0; i < n; i++, to += padded) {
        if (rows->wide) {
            const double *from = (const double *)rows->values + (first + i) * d;
            if (rows->origin) {
                for (size_t j = 0; j < d; j++) to[j] = from[j] - rows->origin[j];
            } else {
                for (size_t j = 0; j < d; j++) to[j] = from[j];
            }
        } else {
            for (size_t j = 0; j < d; j++) to[j] = value_at(rows, first + i, j);
        }
        for (size_t j = d; j < padded; j++) to[j] = 0.0;
    }
    return room;
}

/* Add the rows of a strip to their clusters in all sets that want everything.
 *
 * Row by row, all sets in turn: a sum is not needed again before its last addition is done. The
 * rows are taken in vectors of `lanes` doubles, at any address. `width` and `weighted` are
 * constants where this is inlined. */
#define DEFINE_ADD_ROWS(name, lanes)                                                               \
    INLINE void name(const double *values, const double *weights, size_t n, const size_t width,    \
                     const int weighted, const Adding *adding, size_t count)                       \
    {                                                                                              \
        typedef double vector __attribute__((vector_size(8 * (lanes)), aligned(8), may_alias));    \
        for (size_t i = 0; i < n; i++, values += width) {                                          \
            const double weight = weighted ? weights[i] : 1.0;                                     \
            const vector first = *(const vector *)values;                                          \
            for (size_t s = 0; s < count; s++) {                                                   \
                double *cell = adding[s].cells + (size_t)adding[s].labels[i] * CELL(width);        \
                for (size_t j = 0; j < width; j += (lanes)) {                                      \
                    vector value = j ? *(const vector *)(values + j) : first;                      \
                    vector offset = value - *(const vector *)(cell + 2 * width + j);               \
                    vector square = offset * offset;                                               \
                    if (weighted) value = value * weight, square = square * weight;                \
                    *(vector *)(cell + j) += value;                                                \
                    *(vector *)(cell + width + j) += square;                                       \
                }                                                                                  \
                cell[3 * width] += weight;                                                         \
            }                                                                                      \
        }                                                                                          \
    }
DEFINE_ADD_ROWS(add_rows_2, 2)
DEFINE_ADD_ROWS(add_rows_4, 4)
DEFINE_ADD_ROWS(add_rows_8, 8)
#undef DEFINE_ADD_ROWS

static void add_strip(const Rows *rows, size_t first, size_t n, const Adding *adding, size_t count,
                      double *room)
{
    const size_t width = padded_width(rows->d);
    const double *values = pad_strip(rows, first, n, width, room);
    const double *weights = rows->weights ? rows->weights + first : NULL;
#define ADD(lanes, width)                                                                          \
    if (weights) {                                                                                 \
        add_rows_##lanes(values, weights, n, width, 1, adding, count);                             \
    } else {                                                                                       \
        add_rows_##lanes(values, weights, n, width, 0, adding, count);                             \
    }                                                                                              \
    break
    switch (width) {
    case 2: ADD(2, 2);
    case 4: ADD(4, 4);
    case 8: ADD(8, 8);
    case 16: ADD(8, 16);
    default: ADD(8, width);
    }
#undef ADD
}

/* Move one row from one cluster to another. */
static void move_row(const Rows *rows, size_t row, size_t from, size_t to, const Table *table,
                         Partial *partial)
{
    const double weight = rows->weights ? rows->weights[row] : 1.0;
    double *old = partial->cells + from * CELL(table->padded);
    double *new = partial->cells + to * CELL(table->padded);
    for (size_t j = 0; j < table->d; j++) {
        double value = weight * value_at(rows, row, j);
        old[j] -= value, new[j] += value;
    }
    old[3 * table->padded] -= weight, new[3 * table->padded] += weight;
}

INLINE int32_t old_label(const Set *set, size_t row)
{
    return set->width == 1 ? ((const uint8_t *)set->labels)[row]
                           : ((const uint16_t *)set->labels)[row];
}

/* Store new labels; return how many changed, and move their rows in delta mode. */
static size_t renew_labels(const Rows *rows, size_t row, size_t n, const Set *set,
                           const int32_t *labels, Partial *partial)
{
    size_t changes = 0;
    if (set->bounded) {
        int32_t differs = 0;
        if (set->width == 1) {
            const uint8_t *old = (const uint8_t *)set->labels + row;
            for (size_t i = 0; i < n; i++) differs |= old[i] ^ labels[i];
        } else {
            const uint16_t *old = (const uint16_t *)set->labels + row;
            for (size_t i = 0; i < n; i++) differs |= old[i] ^ labels[i];
        }
        if (!differs) return 0;
        for (size_t i = 0; i < n; i++) {
            int32_t old = old_label(set, row + i);
            if (old == labels[i]) continue;
            changes++;
            if (set->delta) {
                move_row(rows, row + i, (size_t)old, (size_t)labels[i], &set->table, partial);
            }
        }
    } else {
        changes = n;
    }
    if (set->width == 1) {
        uint8_t *kept = (uint8_t *)set->labels + row;
        for (size_t i = 0; i < n; i++) kept[i] = (uint8_t)labels[i];
    } else {
        uint16_t *kept = (uint16_t *)set->labels + row;
        for (size_t i = 0; i < n; i++) kept[i] = (uint16_t)labels[i];
    }
    return changes;
}

/* Bring one group of rows into the scratch, once for all sets. */
INLINE void need_narrow(const Rows *rows, size_t first, size_t n, size_t group, Scratch *scratch)
{
    if (scratch->narrow_ready[group]) return;
    prepare_group(rows, first, n, scratch->narrow + group * GROUP * rows->d,
                  scratch->lengths + group * GROUP);
    scratch->narrow_ready[group] = 1;
}

/* Label one group for one set, unless nothing can have changed. `narrow` and `lengths` are its
 * prepared rows, NULL where they are still to be made in place `group` of the scratch. */
INLINE void label_group(const Rows *rows, size_t row, size_t n, size_t group, Set *set,
                        Partial *partial, Scratch *scratch, const float *narrow,
                        const float *lengths, int32_t *labels)
{
    const Table *table = &set->table;
    if (set->bounded && set->deadlines[row / GROUP] > set->drift) {
        if (set->delta) return;
        for (size_t i = 0; i < n; i++) labels[i] = old_label(set, row + i);
        return;
    }
    float deadline = FLT_MAX;
    if (table->k == 1) {
        memset(labels, 0, GROUP * sizeof *labels);
    } else {
        int doubtful;
        if (!narrow) {
            need_narrow(rows, row, n, group, scratch);
            narrow = scratch->narrow + group * GROUP * rows->d;
            lengths = scratch->lengths + group * GROUP;
        }
        deadline = set->labels ? score_group(narrow, lengths, table, labels, 1, &doubtful)
                               : score_group(narrow, lengths, table, labels, 0, &doubtful);
        if (doubtful) decide_group(rows, row, n, table, scratch->columns, labels);
    }
    if (set->labels) {
        partial->changes += renew_labels(rows, row, n, set, labels, partial);
        /* rounded down: the last bits of a float next to a large drift */
        set->deadlines[row / GROUP] = (deadline + (float)set->drift) * (1.0f - 0x1p-21f);
    }
}

/* One block of n rows from `first` on, for all sets; `points` has the rows prepared, or is NULL. */
static void visit_block(const Rows *rows, const Points *points, size_t first, size_t n, Set *sets,
                        Partial *partials, size_t count, Scratch *scratch)
{
    const size_t end = first + n, d = rows->d;
    size_t adding = 0;
    for (size_t s = 0; s < count; s++) {
        if (sets[s].delta) continue;
        scratch->adding[adding++] = (Adding){partials[s].cells, scratch->labels + s * STRIP};
    }
    for (size_t strip = first; strip < end; strip += STRIP) {
        const size_t edge = strip + STRIP < end ? strip + STRIP : end;
        memset(scratch->narrow_ready, 0, sizeof scratch->narrow_ready);
        for (size_t s = 0; s < count; s++) {
            int32_t *labels = scratch->labels + s * STRIP;
            for (size_t row = strip, g = 0; row < edge; row += GROUP, g++, labels += GROUP) {
                label_group(rows, row, edge - row < GROUP ? edge - row : GROUP, g, &sets[s],
                            &partials[s], scratch, points ? points->narrow + row * d : NULL,
                            points ? points->lengths + row : NULL, labels);
            }
        }
        if (!adding) continue;
        add_strip(rows, strip, edge - strip, scratch->adding, adding, scratch->padded);
    }
}

/* Labels alone. */
static void assign_block(const Rows *rows, size_t first, size_t n, const Table *table,
                             Scratch *scratch, int32_t *labels)
{
    int32_t found[GROUP] __attribute__((aligned(CACHE_LINE))) = {0};
    for (size_t row = 0; row < n; row += GROUP) {
        size_t rest = n - row < GROUP ? n - row : GROUP;
        if (table->k > 1) {
            int doubtful;
            prepare_group(rows, first + row, rest, scratch->narrow, scratch->lengths);
            score_group(scratch->narrow, scratch->lengths, table, found, 0, &doubtful);
            if (doubtful) decide_group(rows, first + row, rest, table, scratch->columns, found);
        }
        memcpy(labels + first + row, found, rest * sizeof *labels);
    }
}

/* The two nearest, with their distances, all in float64; any of the four may be NULL. */
static void nearest_block(const Rows *rows, size_t first, size_t n, const Table *table,
                              Scratch *scratch, int32_t *labels, double *distances,
                              int32_t *second_labels, double *second_distances)
{
    const double scale = table->exact_scale;
    vd near[GROUP / VD], far[GROUP / VD];
    vl label[GROUP / VD], second[GROUP / VD];
    for (size_t row = first; row < first + n; row += GROUP) {
        size_t rest = first + n - row < GROUP ? first + n - row : GROUP;
        fill_columns(rows, row, rest, scale, scratch->columns);
        exact_group(scratch->columns, table, near, label, far, second);
        for (size_t i = 0; i < rest; i++) {
            size_t v = i / VD, lane = i % VD;
            if (labels) labels[row + i] = (int32_t)label[v][lane];
            if (distances) distances[row + i] = near[v][lane] / scale / scale;
            if (second_labels) second_labels[row + i] = (int32_t)second[v][lane];
            if (second_distances) second_distances[row + i] = far[v][lane] / scale / scale;
        }
    }
}
