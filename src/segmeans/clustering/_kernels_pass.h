/* Passes: label the rows of one block for several sets of centres and add up their sums.
 *
 * Included once per instruction set, after _kernels_score.h.
 */

typedef double vector2 __attribute__((vector_size(16), aligned(8), may_alias));
typedef double vector4 __attribute__((vector_size(32), aligned(8), may_alias));

/* Eight, four or two values of a row from `column` on, and one value, as doubles. */
INLINE wide8 load8(const Rows *rows, size_t row, const size_t d, size_t column, const int wide,
                   const int shifted)
{
    const size_t at = row * d + column;
    wide8 value = wide ? *(const wide8 *)((const double *)rows->values + at)
                       : widen8(*(const narrow8 *)((const float *)rows->values + at));
    if (shifted) value = value - *(const wide8 *)(rows->origin + column);
    return value;
}

#define DEFINE_LOAD(name, vector, lanes)                                                           \
    INLINE vector name(const Rows *rows, size_t row, const size_t d, size_t column,                \
                       const int wide, const int shifted)                                          \
    {                                                                                              \
        typedef float narrow __attribute__((vector_size(4 * (lanes)), aligned(4), may_alias));     \
        const size_t at = row * d + column;                                                        \
        vector value = wide ? *(const vector *)((const double *)rows->values + at)                 \
                            : __builtin_convertvector(                                             \
                                  *(const narrow *)((const float *)rows->values + at), vector);    \
        if (shifted) value = value - *(const vector *)(rows->origin + column);                     \
        return value;                                                                              \
    }
DEFINE_LOAD(load4, vector4, 4)
DEFINE_LOAD(load2, vector2, 2)
#undef DEFINE_LOAD

INLINE double load1(const Rows *rows, size_t row, const size_t d, size_t column, const int wide,
                    const int shifted)
{
    const size_t at = row * d + column;
    const double value = wide ? ((const double *)rows->values)[at]
                              : (double)((const float *)rows->values)[at];
    return shifted ? value - rows->origin[column] : value;
}

/* Rows of one strip as cells: the columns times the weight, the weight; the zeros behind are there.
 * Returns their weighted squared lengths, added up. `d` is a constant for few columns. */
INLINE double fill_cells(const Rows *from, size_t first, size_t n, double *to, const size_t d,
                         const int wide, const int shifted)
{
    const Rows rows = *from; /* no store below can be one to this copy */
    const size_t width = cell_width(d);
    wide8 squares8 = {0};
    vector4 squares4 = {0};
    vector2 squares2 = {0};
    double squares = 0.0;
    for (size_t row = first; row < first + n; row++, to += width) {
        const double weight = rows.weights ? rows.weights[row] : 1.0;
        size_t j = 0;
        for (; j + 8 <= d; j += 8) {
            const wide8 value = load8(&rows, row, d, j, wide, shifted), mass = value * weight;
            *(wide8 *)(to + j) = mass, squares8 += mass * value;
        }
        if (d % 8 >= 4) {
            const vector4 value = load4(&rows, row, d, j, wide, shifted), mass = value * weight;
            *(vector4 *)(to + j) = mass, squares4 += mass * value, j += 4;
        }
        if (d % 4 >= 2) {
            const vector2 value = load2(&rows, row, d, j, wide, shifted), mass = value * weight;
            *(vector2 *)(to + j) = mass, squares2 += mass * value, j += 2;
        }
        if (d % 2) {
            const double value = load1(&rows, row, d, j, wide, shifted), mass = weight * value;
            to[j] = mass, squares += mass * value;
        }
        to[d] = weight;
    }
    for (int i = 0; i < 8; i++) squares += squares8[i];
    for (int i = 0; i < 4; i++) squares += squares4[i];
    return squares + squares2[0] + squares2[1];
}

/* Add the rows of a strip, as cells, to the cells their labels number.
 *
 * `width` is a constant where this is inlined. */
INLINE void add_cells(const double *row, size_t n, const size_t width, const int32_t *labels,
                      double *cells)
{
    const size_t wide = width / 8 * 8, stride = cell_stride(width);
    for (size_t i = 0; i < n; i++, row += width) {
        double *cell = cells + (size_t)labels[i] * stride;
        for (size_t j = 0; j < wide; j += 8) *(wide8 *)(cell + j) += *(const wide8 *)(row + j);
        if (width % 8 >= 4) *(vector4 *)(cell + wide) += *(const vector4 *)(row + wide);
        if (width % 4 >= 2) *(vector2 *)(cell + width - 2) += *(const vector2 *)(row + width - 2);
    }
}

/* A strip of rows and who adds them up; labels of set s begin at s x BLOCK. */
typedef struct {
    const Rows *rows;
    size_t first, n;
    const Set *sets;
    const int32_t *labels;
    const Adding *adding;
    size_t count;
} Strip;

/* Add a strip of rows of `d` columns, set by set. */
INLINE double add_kind(const Strip *strip, double *cells, const size_t d)
{
    const Rows *rows = strip->rows;
    const size_t first = strip->first, n = strip->n;
    const int wide = rows->wide, shifted = rows->origin != NULL;
    const double squares = wide ? shifted ? fill_cells(rows, first, n, cells, d, 1, 1)
                                          : fill_cells(rows, first, n, cells, d, 1, 0)
                           : shifted ? fill_cells(rows, first, n, cells, d, 0, 1)
                                     : fill_cells(rows, first, n, cells, d, 0, 0);
    int32_t joint[STRIP];
    for (size_t a = 0; a < strip->count; a++) {
        const Adding *adding = &strip->adding[a];
        const int32_t *labels = strip->labels + adding->first * BLOCK;
        for (size_t s = adding->first + 1; s < adding->first + adding->count; s++) {
            const int32_t *others = strip->labels + s * BLOCK;
            const int32_t k = (int32_t)strip->sets[s].table.k;
            for (size_t i = 0; i < n; i++) joint[i] = labels[i] * k + others[i];
            labels = joint;
        }
        if (cell_width(d) == 16) add_cells(cells, n, 16, labels, adding->cells); /* a constant */
        else add_cells(cells, n, cell_width(d), labels, adding->cells);
    }
    return squares;
}

static double add_strip(const Strip *strip, double *cells)
{
    switch (strip->rows->d) {
    case 1: return add_kind(strip, cells, 1);
    case 2: return add_kind(strip, cells, 2);
    case 3: return add_kind(strip, cells, 3);
    case 4: return add_kind(strip, cells, 4);
    case 5: return add_kind(strip, cells, 5);
    case 6: return add_kind(strip, cells, 6);
    case 7: return add_kind(strip, cells, 7);
    case 8: return add_kind(strip, cells, 8);
    case 16: return add_kind(strip, cells, 16);
    default: return add_kind(strip, cells, strip->rows->d);
    }
}

/* Who adds up every row of a block: neighbours together. Returns how many there are. */
static size_t begin_adding(const Set *sets, const Partial *partials, size_t count, Scratch *scratch)
{
    double *joint = scratch->joint;
    size_t adding = 0;
    for (size_t s = 0, some, cells; s < count; s += some) {
        some = neighbours(&sets[s], count - s, &cells);
        if (sets[s].delta) continue;
        scratch->adding[adding++] = (Adding){s, some, cells, some > 1 ? joint : partials[s].cells};
        if (some > 1) joint += cells * cell_stride(cell_width(sets[s].table.d));
    }
    memset(scratch->joint, 0, (size_t)(joint - scratch->joint) * sizeof(double));
    return adding;
}

/* Put the sums of neighbours where they belong. */
static void end_adding(const Set *sets, Partial *partials, size_t count, const Scratch *scratch)
{
    for (const Adding *one = scratch->adding; one < scratch->adding + count; one++) {
        if (one->count == 1) continue;
        const size_t d = sets[one->first].table.d, stride = cell_stride(cell_width(d));
        for (size_t c = 0; c < one->joint; c++) {
            const double *cell = one->cells + c * stride;
            if (cell[d] == 0.0) continue; /* no weight, no sums */
            for (size_t s = one->first + one->count, rest = c; s-- > one->first;) {
                double *into = partials[s].cells + rest % sets[s].table.k * stride;
                for (size_t j = 0; j <= d; j++) into[j] += cell[j];
                rest /= sets[s].table.k;
            }
        }
    }
}

/* The inertia of one block in the difference form. */
static double measure_block(const Rows *rows, size_t first, size_t n, const Table *table,
                            const int32_t *labels)
{
    double inertia = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double *centre = table->centres + (size_t)labels[i] * table->padded;
        double distance = 0.0;
        for (size_t j = 0; j < rows->d; j++) {
            const double offset = value_at(rows, first + i, j) - centre[j];
            distance += offset * offset;
        }
        inertia += rows->weights ? rows->weights[first + i] * distance : distance;
    }
    return inertia;
}

/* The inertia of one block: the squares less what the centres explain, sum W c.c - 2 c.S, which
 * costs nothing per row but loses the digits in which the two agree. Where that is more than
 * ten bits, so that not far from forty are left, the rows are gone through again. */
static double inertia_of(const Rows *rows, size_t first, size_t n, const Table *table,
                         const Partial *partial, const int32_t *labels, double squares)
{
    const double *cell = partial->cells;
    double explained = 0.0;
    for (size_t c = 0; c < table->k; c++, cell += cell_stride(cell_width(table->d))) {
        const double *centre = table->centres + c * table->padded;
        for (size_t j = 0; j < table->d; j++) {
            explained += centre[j] * (cell[j] + (cell[j] - cell[table->d] * centre[j]));
        }
    }
    const double inertia = squares - explained;
    return squares <= 0x1p10 * inertia ? inertia
                                       : measure_block(rows, first, n, table, labels);
}

/* Move one row from one cluster to another. */
static void move_row(const Rows *rows, size_t row, size_t from, size_t to, const Table *table,
                         Partial *partial)
{
    const double weight = rows->weights ? rows->weights[row] : 1.0;
    double *old = partial->cells + from * cell_stride(cell_width(table->d));
    double *new = partial->cells + to * cell_stride(cell_width(table->d));
    for (size_t j = 0; j < table->d; j++) {
        double value = weight * value_at(rows, row, j);
        old[j] -= value, new[j] += value;
    }
    old[table->d] -= weight, new[table->d] += weight;
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
    const size_t adding = begin_adding(sets, partials, count, scratch);
    double squares = 0.0;
    for (size_t strip = first; strip < end; strip += STRIP) {
        const size_t edge = strip + STRIP < end ? strip + STRIP : end;
        memset(scratch->narrow_ready, 0, sizeof scratch->narrow_ready);
        for (size_t s = 0; s < count; s++) {
            int32_t *labels = scratch->labels + s * BLOCK + (strip - first);
            for (size_t row = strip, g = 0; row < edge; row += GROUP, g++, labels += GROUP) {
                label_group(rows, row, edge - row < GROUP ? edge - row : GROUP, g, &sets[s],
                            &partials[s], scratch, points ? points->narrow + row * d : NULL,
                            points ? points->lengths + row : NULL, labels);
            }
        }
        if (!adding) continue;
        const Strip here = {rows, strip, edge - strip, sets, scratch->labels + (strip - first),
                            scratch->adding, adding};
        squares += add_strip(&here, scratch->padded);
    }
    end_adding(sets, partials, adding, scratch);
    for (size_t s = 0; adding && s < count; s++) {
        if (sets[s].delta) continue;
        partials[s].inertia = inertia_of(rows, first, n, &sets[s].table, &partials[s],
                                         scratch->labels + s * BLOCK, squares);
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
