/* Starts: greedy k-means++ seeding and Lloyd's iterations on points held in cache.
 *
 * Included once per instruction set, after _kernels_pass.h.
 */

/* Squared distances of the 32 points of a group to `count` points, in float64. */
INLINE void distances_to(const double *columns, size_t d, const double *const *targets,
                             const size_t count, vd sums[][GROUP / VD])
{
    for (size_t t = 0; t < count; t++) {
        for (int r = 0; r < GROUP / VD; r++) {
            vd sum = {0};
            for (size_t j = 0; j < d; j++) {
                vd offset = vd_load(columns + j * GROUP + r * VD) - vd_set(targets[t][j]);
                sum = sum + offset * offset;
            }
            sums[t][r] = sum;
        }
    }
}

INLINE double lane_sum(vd value)
{
    double sum = 0.0;
    for (int i = 0; i < VD; i++) sum += value[i];
    return sum;
}

/* What seeding keeps: distances to the nearest chosen point, weighted sums of them per group. */
typedef struct {
    double *columns, *closest, *group_mass, *left;
    const double **targets;
    size_t *candidates;
} Seeding;

/* The row where the cumulated mass passes u times the whole, as numpy.searchsorted finds it. */
static size_t draw(const Points *points, const Seeding *seeding, double total, double uniform)
{
    const double target = uniform * total;
    const size_t n = points->rows.n;
    double before = 0.0;
    for (size_t g = 0; g < points->groups; g++) {
        double after = before + seeding->group_mass[g];
        if (after > target) {
            size_t end = (g + 1) * GROUP < n ? (g + 1) * GROUP : n, last = end;
            for (size_t i = g * GROUP; i < end; i++) {
                double mass = points->mass[i] * seeding->closest[i];
                before += mass;
                if (mass > 0.0) last = i;
                if (before > target) return i;
            }
            if (last < end) return last; /* the two sums of this group differ by rounding */
        }
        before = after;
    }
    return n - 1;
}

/* Take `row` as the next centre: distances to it, and the mass of every group. */
static double take(const Points *points, Seeding *seeding, size_t row, int fresh)
{
    const size_t d = points->rows.d;
    const double *target = (const double *)points->rows.values + row * d;
    double total = 0.0;
    vd sums[1][GROUP / VD];
    for (size_t g = 0; g < points->groups; g++) {
        double *closest = seeding->closest + g * GROUP;
        vd mass = {0};
        distances_to(seeding->columns + g * GROUP * d, d, &target, 1, sums);
        for (int r = 0; r < GROUP / VD; r++) {
            vd here = sums[0][r];
            if (!fresh) {
                here = vd_min(here, vd_load(closest + r * VD));
            }
            vd_store(closest + r * VD, here);
            mass = mass + here * vd_load(points->mass + g * GROUP + r * VD);
        }
        seeding->group_mass[g] = lane_sum(mass);
        total += seeding->group_mass[g];
    }
    return total;
}

/* The inertia that `count` candidates would leave, in one read of the points. */
INLINE void try_some(const Points *points, Seeding *seeding, size_t first, const size_t count)
{
    const size_t d = points->rows.d;
    const double *const *targets = seeding->targets + first;
    vd left[4] = {{0}, {0}, {0}, {0}};
    for (size_t g = 0; g < points->groups; g++) {
        const double *columns = seeding->columns + g * GROUP * d;
        for (int r = 0; r < GROUP / VD; r++) {
            const vd known = vd_load(seeding->closest + g * GROUP + r * VD);
            const vd mass = vd_load(points->mass + g * GROUP + r * VD);
            vd sums[4] = {{0}, {0}, {0}, {0}};
            for (size_t j = 0; j < d; j++) {
                const vd value = vd_load(columns + j * GROUP + r * VD);
                for (size_t t = 0; t < count; t++) {
                    const vd offset = value - vd_set(targets[t][j]);
                    sums[t] = sums[t] + offset * offset;
                }
            }
            for (size_t t = 0; t < count; t++) left[t] = left[t] + vd_min(sums[t], known) * mass;
        }
    }
    for (size_t t = 0; t < count; t++) seeding->left[first + t] = lane_sum(left[t]);
}

static void try_candidates(const Points *points, Seeding *seeding, size_t trials)
{
    for (size_t first = 0; first < trials; first += 4) {
        switch (trials - first) {
        case 1: try_some(points, seeding, first, 1); break;
        case 2: try_some(points, seeding, first, 2); break;
        case 3: try_some(points, seeding, first, 3); break;
        default: try_some(points, seeding, first, 4);
        }
    }
}

static int seed(const Points *points, size_t k, size_t trials, const double *uniforms,
                    int64_t *chosen)
{
    const size_t d = points->rows.d, padded = points->groups * GROUP;
    Seeding seeding = {
        points->columns,
        aligned_room(padded * sizeof(double)),
        aligned_room(points->groups * sizeof(double)),
        aligned_room(trials * sizeof(double)),
        aligned_room(trials * sizeof(double *)),
        aligned_room(trials * sizeof(size_t)),
    };
    int failed = !(seeding.closest && seeding.group_mass && seeding.left && seeding.targets &&
                   seeding.candidates);
    if (!failed) {
        for (size_t i = 0; i < padded; i++) seeding.closest[i] = 1.0;
        double total = 0.0;
        for (size_t g = 0; g < points->groups; g++) {
            double mass = 0.0;
            for (size_t i = 0; i < GROUP; i++) mass += points->mass[g * GROUP + i];
            total += seeding.group_mass[g] = mass;
        }
        size_t row = draw(points, &seeding, total, uniforms[0]);
        chosen[0] = (int64_t)row;
        total = take(points, &seeding, row, 1);
        for (size_t c = 1; c < k; c++) {
            for (size_t t = 0; t < trials; t++) {
                row = draw(points, &seeding, total, uniforms[c * trials + t]);
                seeding.candidates[t] = row;
                seeding.targets[t] = (const double *)points->rows.values + row * d;
            }
            try_candidates(points, &seeding, trials);
            double least = seeding.left[0];
            for (size_t t = 1; t < trials; t++) least = fmin(least, seeding.left[t]);
            size_t best = 0;
            while (!(seeding.left[best] <= least * (1.0 + 1e-9))) best++;
            chosen[c] = (int64_t)seeding.candidates[best];
            total = take(points, &seeding, seeding.candidates[best], 0);
        }
    }
    free(seeding.closest), free(seeding.group_mass), free(seeding.left);
    free(seeding.targets), free(seeding.candidates);
    return failed;
}

/* One run of Lloyd's iterations. */
typedef struct {
    const Points *points;
    Set set;
    Scratch scratch;
    Partial block;
    double *room;          /* of the block */
    double *totals;        /* as from reduce */
    double *moved;         /* k x d */
    const double *correction; /* k x d, or NULL: added to the means */
} Run;

INLINE double *totals_of(const Run *run, size_t c)
{
    return run->totals + c * (run->set.table.d + 1);
}

INLINE double count_of(const Run *run, size_t c) { return totals_of(run, c)[run->set.table.d]; }

static size_t count_empty(const Run *run)
{
    size_t empty = 0;
    for (size_t c = 0; c < run->set.table.k; c++) empty += count_of(run, c) == 0.0;
    return empty;
}

/* Visit all points; return how many labels changed. */
static size_t run_pass(Run *run, const double *centres)
{
    const Points *points = run->points;
    Table *table = &run->set.table;
    const size_t n = points->rows.n;
    size_t changes = 0;
    table_fill(table, centres, points->rows.scale);
    if (!run->set.delta) memset(run->totals, 0, totals_width(table) * sizeof(double));
    for (size_t first = 0; first < n; first += BLOCK) {
        partial_place(&run->block, table, run->room);
        visit_block(&points->rows, points, first, n - first < BLOCK ? n - first : BLOCK, &run->set,
                    &run->block, 1, &run->scratch);
        reduce(&run->set, &run->block, run->totals);
        changes += run->block.changes;
    }
    return changes;
}

/* Put the centres of empty clusters on the points farthest from theirs, by weight. */
static void relocate(Run *run, const double *centres)
{
    const Points *points = run->points;
    const size_t n = points->rows.n, d = points->rows.d, k = run->set.table.k;
    const double *values = points->rows.values;
    size_t *far = malloc(k * sizeof *far), empties = count_empty(run), found = 0;
    double *reach = malloc(k * sizeof *reach);
    for (size_t i = 0; far && reach && i < n; i++) {
        const double *centre = centres + (size_t)old_label(&run->set, i) * d;
        double distance = 0.0;
        for (size_t j = 0; j < d; j++) {
            double offset = values[i * d + j] - centre[j];
            distance += offset * offset;
        }
        distance *= points->mass[i];
        if (found == empties && !(distance > reach[found - 1])) continue;
        size_t at = found < empties ? found++ : found - 1;
        for (; at > 0 && distance > reach[at - 1]; at--) far[at] = far[at - 1], reach[at] = reach[at - 1];
        far[at] = i, reach[at] = distance;
    }
    for (size_t c = 0, e = 0; c < k; c++) {
        if (count_of(run, c) != 0.0 || e >= found) continue;
        memcpy(run->moved + c * d, values + far[e++] * d, d * sizeof(double));
    }
    free(far), free(reach);
}

/* Set run->moved from the sums; return the summed squared shift. */
static double move_centres(Run *run, const double *centres, double *reach)
{
    const size_t k = run->set.table.k, d = run->set.table.d;
    double shift = 0.0, largest = 0.0, next = 0.0;
    for (size_t c = 0; c < k; c++) {
        const double *sums = totals_of(run, c), count = sums[d] == 0.0 ? 1.0 : sums[d];
        for (size_t j = 0; j < d; j++) {
            const double added = run->correction ? run->correction[c * d + j] : 0.0;
            run->moved[c * d + j] = sums[j] / count + added;
        }
    }
    if (count_empty(run)) relocate(run, centres);
    for (size_t c = 0; c < k; c++) {
        double square = 0.0;
        for (size_t j = 0; j < d; j++) {
            double offset = run->moved[c * d + j] - centres[c * d + j];
            square += offset * offset;
        }
        shift += square;
        next = fmax(next, fmin(largest, square));
        largest = fmax(largest, square);
    }
    *reach = (sqrt(largest) + sqrt(next)) * (1.0 + 0x1p-20) * run->points->rows.scale;
    return shift;
}

static int run_room(Run *run, const Points *points, size_t k)
{
    const size_t d = points->rows.d;
    memset(run, 0, sizeof *run);
    run->points = points;
    run->set.width = k <= 256 ? 1 : 2;
    run->set.labels = aligned_room(points->groups * GROUP * (size_t)run->set.width);
    run->set.deadlines = aligned_room(points->groups * sizeof(float));
    run->totals = aligned_room((k * (d + 1) + 1) * sizeof(double));
    run->moved = aligned_room(k * d * sizeof(double));
    int table = table_room(&run->set.table, k, d);
    int scratch = scratch_room(&run->scratch, d, &run->set, 1);
    run->room = aligned_room(partial_width(&run->set.table) * sizeof(double));
    return table && scratch && run->set.labels && run->set.deadlines && run->totals &&
           run->moved && run->room;
}

static void run_free(Run *run)
{
    free(run->set.labels), free(run->set.deadlines), free(run->totals);
    free(run->moved), free(run->room);
    table_free(&run->set.table), scratch_free(&run->scratch);
}

/* Lloyd's iterations from `centres`, which end in place.
 *
 * The first pass adds up everything, the next ones what changed. Once nothing changes, everything
 * is added up afresh, so that the end does not depend on the way; it is an end when the fresh
 * means change no label. They differ from the centres before by rounding alone, so the inertia
 * measured on the way is theirs. */
static void lloyd(const Points *points, size_t k, const double *correction, double *centres,
                  int64_t max_iter, double tol, double *counts, Ending *ending)
{
    Run run;
    const size_t bytes = k * points->rows.d * sizeof(double);
    memset(ending, 0, sizeof *ending);
    ending->failed = !run_room(&run, points, k);
    run.correction = correction;
    int last = max_iter <= 0, fresh = 0, calm = 0;
    while (!ending->failed) {
        run.set.delta = run.set.bounded && !last && !fresh;
        const size_t changes = run_pass(&run, centres);
        if (last) break;
        if (run.set.delta && changes == 0 && !count_empty(&run)) {
            if (calm) {
                ending->converged = 1;
                break;
            }
            fresh = 1;
            continue;
        }
        double reach;
        const double shift = move_centres(&run, centres, &reach);
        const int same = memcmp(run.moved, centres, bytes) == 0;
        memcpy(centres, run.moved, bytes);
        run.set.drift += reach;
        run.set.bounded = 1;
        ending->iterations++;
        ending->converged = shift <= tol;
        if (same && !run.set.delta) break;
        calm = fresh && changes == 0 && !count_empty(&run);
        last = !calm && (ending->converged || ending->iterations >= max_iter);
        fresh = 0;
    }
    if (!ending->failed) ending->inertia = *totals_of(&run, k);
    for (size_t c = 0; !ending->failed && counts && c < k; c++) counts[c] = count_of(&run, c);
    run_free(&run);
}
