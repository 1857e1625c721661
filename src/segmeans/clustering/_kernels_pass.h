/* Passes: label the rows of one block for several sets of centres and add up their sums.
 *
 * Included once per instruction set, after _kernels_score.h.
 */

/* Rows of one group as doubles, padded with zeros to whole vectors. */
static void pad_group(const Rows *rows, size_t first, size_t n, size_t padded, double *to)
{
    const size_t d = rows->d;
    for (size_t i = 0; i < n; i++, to += padded) {
        if (rows->wide && !rows->origin) {
            memcpy(to, (const double *)rows->values + (first + i) * d, d * sizeof(double));
        } else {
            for (size_t j = 0; j < d; j++) to[j] = value_at(rows, first + i, j);
        }
        for (size_t j = d; j < padded; j++) to[j] = 0.0;
    }
}

/* Add n padded rows to the sums of their clusters; `padded` is a constant where it is small. */
INLINE void add_rows(const double *values, const double *weights, const int32_t *labels,
                         size_t n, const size_t padded, const Table *table, int measure,
                         Partial *partial)
{
    for (size_t i = 0; i < n; i++, values += padded) {
        const size_t label = (size_t)labels[i];
        double *sums = partial->sums + label * padded;
        const double weight = weights ? weights[i] : 1.0;
        partial->counts[label] += weight;
        for (size_t j = 0; j < padded; j++) sums[j] += weight * values[j];
        if (measure) {
            const double *centre = table->centres + label * padded;
            double *lanes = partial->lanes + label * padded;
            for (size_t j = 0; j < padded; j++) {
                double offset = values[j] - centre[j];
                lanes[j] += weight * (offset * offset);
            }
        }
    }
}

static void add_group(const double *values, const double *weights, const int32_t *labels,
                          size_t n, const Table *table, int measure, Partial *partial)
{
    switch (table->padded) {
    case 2: add_rows(values, weights, labels, n, 2, table, measure, partial); break;
    case 4: add_rows(values, weights, labels, n, 4, table, measure, partial); break;
    case 8: add_rows(values, weights, labels, n, 8, table, measure, partial); break;
    case 16: add_rows(values, weights, labels, n, 16, table, measure, partial); break;
    default: add_rows(values, weights, labels, n, table->padded, table, measure, partial);
    }
}

/* Move one row from one cluster to another. */
static void move_row(const Rows *rows, size_t row, size_t from, size_t to, const Table *table,
                         Partial *partial)
{
    const double weight = rows->weights ? rows->weights[row] : 1.0;
    double *less_sums = partial->sums + from * table->padded;
    double *more_sums = partial->sums + to * table->padded;
    for (size_t j = 0; j < table->d; j++) {
        double value = weight * value_at(rows, row, j);
        less_sums[j] -= value, more_sums[j] += value;
    }
    partial->counts[from] -= weight, partial->counts[to] += weight;
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

/* One group for one set: labels, then sums. `group` is its place in the scratch; `narrow` and
 * `lengths` are its prepared rows, NULL where they are still to be made. */
INLINE void visit_group(const Rows *rows, size_t row, size_t n, size_t group, Set *set,
                        Partial *partial, Scratch *scratch, const float *narrow,
                        const float *lengths)
{
    const Table *table = &set->table;
    int32_t labels[GROUP] __attribute__((aligned(CACHE_LINE)));
    const int kept = set->bounded && set->deadlines[row / GROUP] > set->drift;
    if (kept && set->delta) return;
    if (kept) {
        for (size_t i = 0; i < n; i++) labels[i] = old_label(set, row + i);
    } else {
        float deadline = FLT_MAX;
        if (table->k == 1) {
            memset(labels, 0, sizeof labels);
        } else {
            int doubtful;
            if (!narrow) {
                need_narrow(rows, row, n, group, scratch);
                narrow = scratch->narrow + group * GROUP * rows->d;
                lengths = scratch->lengths + group * GROUP;
            }
            deadline = score_group(narrow, lengths, table, labels, &doubtful);
            if (doubtful) decide_group(rows, row, n, table, scratch->columns, labels);
        }
        if (set->labels) {
            partial->changes += renew_labels(rows, row, n, set, labels, partial);
            /* rounded down: the last bits of a float next to a large drift */
            set->deadlines[row / GROUP] = (deadline + (float)set->drift) * (1.0f - 0x1p-21f);
        }
    }
    if (set->delta) return;
    double *padded = scratch->padded + group * GROUP * table->padded;
    if (!scratch->padded_ready[group]) {
        pad_group(rows, row, n, table->padded, padded);
        scratch->padded_ready[group] = 1;
    }
    add_group(padded, rows->weights ? rows->weights + row : NULL, labels, n, table, set->measure,
              partial);
}

/* One block of n rows from `first` on, for all sets. */
static void visit_block(const Rows *rows, size_t first, size_t n, Set *sets, Partial *partials,
                        size_t count, Scratch *scratch)
{
    const size_t end = first + n;
    for (size_t strip = first; strip < end; strip += STRIP) {
        const size_t edge = strip + STRIP < end ? strip + STRIP : end;
        memset(scratch->narrow_ready, 0, sizeof scratch->narrow_ready);
        memset(scratch->padded_ready, 0, sizeof scratch->padded_ready);
        for (size_t s = 0; s < count; s++) {
            for (size_t row = strip, group = 0; row < edge; row += GROUP, group++) {
                visit_group(rows, row, edge - row < GROUP ? edge - row : GROUP, group, &sets[s],
                            &partials[s], scratch, NULL, NULL);
            }
        }
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
            score_group(scratch->narrow, scratch->lengths, table, found, &doubtful);
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
