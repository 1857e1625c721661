/* Swaps: take a centre away, put it on a row elsewhere, descend, keep what is better.
 *
 * Included once per instruction set, after _kernels_descent.h.
 */
#define LANES 8 /* rows summed side by side, whatever the width of a vector */
#define LANE_VECTORS (LANES / VD)
#define LLOYD_AFTER_SWAP 3
#define PER_ROW 2
#define IMPROVES 1e-9

/* What a climb knows before a swap: each row's two nearest centres, and the rows by cluster. */
typedef struct {
    double *first, *second; /* groups x GROUP: squared distances */
    double *columns;        /* blocks x d x LANES: the rows, cluster after cluster, zeros between */
    double *keep, *lose;    /* blocks x LANES: first and second in that order */
    double *mass;           /* blocks x LANES */
    size_t *begin;          /* k + 1: the first block of each cluster */
    size_t *at;             /* k */
    double *apart;          /* k: how far a row may be from the centre and change nothing here */
    double *price;          /* k x candidates */
    int32_t *home;          /* candidates: the cluster each lies in */
    size_t *of_centre, *of_row; /* k, candidates: swaps tried */
    int32_t *labels;        /* n: as they were; without exchanges not always those of the nearest */
} Before;

/* Look at all rows and put them in the order of their clusters. */
static void sort_rows(Descent *run, Stand *stand, Before *before)
{
    const Points *points = run->points;
    const size_t d = points->rows.d, k = run->k;
    double labels[GROUP];
    memset(before->at, 0, k * sizeof(size_t));
    memset(before->apart, 0, k * sizeof(double));
    for (size_t g = 0; g < points->groups; g++) {
        double *first = before->first + g * GROUP, *second = before->second + g * GROUP;
        look(points->columns + g * GROUP * d, stand->centres, k, d, first, second, labels);
        for (size_t i = 0; i < rows_of(points, g); i++) {
            const size_t c = (size_t)labels[i];
            stand->labels[g * GROUP + i] = (int32_t)c;
            before->at[c]++;
            before->apart[c] = fmax(before->apart[c], sqrt(first[i]) + sqrt(second[i]));
        }
    }
    before->begin[0] = 0;
    for (size_t c = 0; c < k; c++) {
        before->begin[c + 1] = before->begin[c] + (before->at[c] + LANES - 1) / LANES;
        before->at[c] = before->begin[c] * LANES;
    }
    const size_t blocks = before->begin[k];
    memset(before->columns, 0, blocks * d * LANES * sizeof(double));
    memset(before->keep, 0, blocks * LANES * sizeof(double));
    memset(before->lose, 0, blocks * LANES * sizeof(double));
    memset(before->mass, 0, blocks * LANES * sizeof(double));
    for (size_t i = 0; i < points->rows.n; i++) {
        const size_t to = before->at[stand->labels[i]]++, block = to / LANES, lane = to % LANES;
        const double *row = row_of(points, i);
        for (size_t j = 0; j < d; j++) before->columns[(block * d + j) * LANES + lane] = row[j];
        before->keep[to] = before->first[i], before->lose[to] = before->second[i];
        before->mass[to] = points->mass[i];
    }
}

/* What one cluster costs with `row` as a centre more: with its own centre, and without. */
INLINE void price_cluster(const Before *before, size_t cluster, const double *row, size_t d,
                          double *kept, double *lost)
{
    vd keeping[LANE_VECTORS], losing[LANE_VECTORS];
    for (int v = 0; v < LANE_VECTORS; v++) keeping[v] = losing[v] = vd_set(0.0);
    for (size_t b = before->begin[cluster]; b < before->begin[cluster + 1]; b++) {
        for (int v = 0; v < LANE_VECTORS; v++) {
            const size_t at = b * LANES + (size_t)v * VD;
            const double *column = before->columns + b * d * LANES + (size_t)v * VD;
            vd square = vd_set(0.0);
            for (size_t j = 0; j < d; j++) {
                const vd offset = vd_load(column + j * LANES) - vd_set(row[j]);
                square = square + offset * offset;
            }
            const vd mass = vd_load(before->mass + at);
            keeping[v] = keeping[v] + mass * vd_min(square, vd_load(before->keep + at));
            losing[v] = losing[v] + mass * vd_min(square, vd_load(before->lose + at));
        }
    }
    *kept = *lost = 0.0;
    for (int v = 0; v < LANE_VECTORS; v++) {
        for (int l = 0; l < VD; l++) *kept += keeping[v][l], *lost += losing[v][l];
    }
}

/* The inertia after every swap of one centre for one candidate, before any mean has followed. */
static void price_swaps(Descent *run, Stand *stand, Before *before, const int64_t *rows,
                        size_t count)
{
    const Points *points = run->points;
    const size_t d = points->rows.d, k = run->k;
    sort_rows(run, stand, before);
    for (size_t c = 0; c < k; c++) { /* without any candidate: a row infinitely far away */
        double kept = 0.0, lost = 0.0;
        for (size_t at = before->begin[c] * LANES; at < before->begin[c + 1] * LANES; at++) {
            kept += before->mass[at] * before->keep[at];
            lost += before->mass[at] * before->lose[at];
        }
        run->scale[c] = kept, run->floor[c] = lost;
    }
    for (size_t t = 0; t < count; t++) {
        const double *row = row_of(points, (size_t)rows[t]);
        double total = 0.0;
        for (size_t c = 0; c < k; c++) {
            double kept = run->scale[c], lost = run->floor[c];
            const double square = square_between(row, stand->centres + c * d, d);
            if (sqrt(square) * (1.0 - rounding(d)) < before->apart[c] * (1.0 + rounding(d))) {
                price_cluster(before, c, row, d, &kept, &lost);
            }
            before->price[c * count + t] = lost - kept;
            total += kept;
        }
        for (size_t c = 0; c < k; c++) before->price[c * count + t] += total;
    }
}

/* The cheapest swap not yet taken, within the limits per centre and row; ties to the first. Either
 * to a row in the cluster of the centre itself, or to one elsewhere. */
static int next_swap(const Before *before, size_t k, const Climbing *how, int inside, size_t *at)
{
    const size_t count = how->candidates;
    double least = INFINITY;
    for (size_t c = 0; c < k; c++) {
        if (before->of_centre[c] >= how->per_centre) continue;
        const double *price = before->price + c * count;
        for (size_t t = 0; t < count; t++) {
            if ((before->home[t] == (int32_t)c) != inside) continue;
            if (price[t] < least && before->of_row[t] < PER_ROW) {
                least = price[t], *at = c * count + t;
            }
        }
    }
    return least < INFINITY;
}

/* Label the rows of one group where centre c has gone to a row at distances `square`; list those
 * whose nearest centre is not known. */
INLINE size_t relabel_group(Descent *run, const Stand *stand, Stand *trial, const Before *before,
                            size_t g, int32_t c, const double *square, size_t listed)
{
    double near[GROUP], next[GROUP];
    const double *first = before->first + g * GROUP, *second = before->second + g * GROUP;
    const size_t n = rows_of(run->points, g), at = g * GROUP;
    int32_t labels[GROUP];
    for (size_t i = 0; i < GROUP; i++) labels[i] = i < n ? stand->labels[at + i] : -1;
    for (size_t i = 0; i < GROUP; i++) {
        const double here = square[i], one = first[i], two = second[i];
        const double less = here < one ? here : one, more = here < one ? one : here;
        near[i] = labels[i] == c ? here : less;
        next[i] = labels[i] == c || two < more ? two : more;
    }
    set_limits(run, at, near, next);
    for (size_t i = 0; i < n; i++) {
        const int32_t label = labels[i];
        const int nearer = square[i] < first[i] || (square[i] == first[i] && c < label);
        trial->labels[at + i] = label == c || nearer ? c : label;
        run->listed[listed] = (int32_t)(at + i);
        listed += label == c && square[i] >= second[i];
        if (label == c || !nearer) continue;
        count_row(run->points, trial, at + i, label, -1.0);
        count_row(run->points, trial, at + i, c, 1.0);
    }
    return listed;
}

/* Descend from where centre c has gone to a row. */
static void descend_from_swap(Descent *run, const Stand *stand, Stand *trial, const Before *before,
                              size_t c, size_t row, const Climbing *how)
{
    const Points *points = run->points;
    const size_t d = points->rows.d, k = run->k;
    const double *target = row_of(points, row);
    memcpy(trial->centres, stand->centres, k * d * sizeof(double));
    memcpy(trial->centres + c * d, target, d * sizeof(double));
    memcpy(trial->sums, stand->sums, k * d * sizeof(double));
    memcpy(trial->mass, stand->mass, k * sizeof(double));
    memcpy(trial->counts, stand->counts, k * sizeof(size_t));
    run->drift = 0.0;
    size_t listed = 0;
    for (size_t g = 0; g < points->groups; g++) {
        vd sums[1][GROUP / VD];
        double square[GROUP];
        distances_to(points->columns + g * GROUP * d, d, &target, 1, sums);
        for (int v = 0; v < GROUP / VD; v++) vd_store(square + v * VD, sums[0][v]);
        listed = relabel_group(run, stand, trial, before, g, (int32_t)c, square, listed);
    }
    const size_t changed = look_again(run, trial, listed);
    for (size_t i = 0; i < changed; i++) {
        const size_t moved = (size_t)run->listed[i];
        count_row(points, trial, moved, run->was[i], -1.0);
        count_row(points, trial, moved, trial->labels[moved], 1.0);
    }
    if (has_empty(trial, k)) fill_empty(run, trial);
    descend(run, trial, how, LLOYD_AFTER_SWAP);
}

static void copy_stand(const Points *points, size_t k, Stand *to, const Stand *from)
{
    const size_t d = points->rows.d;
    memcpy(to->centres, from->centres, k * d * sizeof(double));
    memcpy(to->sums, from->sums, k * d * sizeof(double));
    memcpy(to->mass, from->mass, k * sizeof(double));
    memcpy(to->counts, from->counts, k * sizeof(size_t));
    memcpy(to->labels, from->labels, points->rows.n * sizeof(int32_t));
    to->inertia = from->inertia, to->settled = from->settled, to->iterations = from->iterations;
}

/* Try the most promising swaps of one kind; return 1 as soon as one has lowered the inertia. */
static int try_swaps(Descent *run, Stand *stand, Stand *trial, Before *before, const int64_t *rows,
                     const Climbing *how, int inside, size_t tries)
{
    size_t swap = 0;
    memset(before->of_centre, 0, run->k * sizeof(size_t));
    memset(before->of_row, 0, how->candidates * sizeof(size_t));
    for (; tries > 0 && next_swap(before, run->k, how, inside, &swap); tries--) {
        const size_t c = swap / how->candidates, t = swap % how->candidates;
        before->of_centre[c]++, before->of_row[t]++;
        before->price[swap] = INFINITY;
        descend_from_swap(run, stand, trial, before, c, (size_t)rows[t], how);
        if (trial->inertia < stand->inertia * (1.0 - IMPROVES)) {
            copy_stand(run->points, run->k, stand, trial);
            return 1;
        }
    }
    return 0;
}

/* Half of the tries go to rows elsewhere, the other half to rows in the centre's own cluster: those
 * promise most, as little changes, and mostly lead back. */
static int swap_once(Descent *run, Stand *stand, Stand *trial, Before *before,
                     const int64_t *rows, const Climbing *how)
{
    const size_t bytes = run->points->rows.n * sizeof(int32_t);
    memcpy(before->labels, stand->labels, bytes);
    price_swaps(run, stand, before, rows, how->candidates);
    count_afresh(run->points, stand, run->k);
    for (size_t t = 0; t < how->candidates; t++) before->home[t] = stand->labels[rows[t]];
    const size_t inside = how->tries / 2;
    if (try_swaps(run, stand, trial, before, rows, how, 0, how->tries - inside) ||
        try_swaps(run, stand, trial, before, rows, how, 1, inside)) {
        return 1;
    }
    memcpy(stand->labels, before->labels, bytes);
    return 0;
}

/* Hand out aligned pieces of one allocation; with base NULL only count. */
typedef struct {
    char *base;
    size_t used;
} Arena;

static void *piece(Arena *arena, size_t count, size_t size)
{
    void *here = arena->base ? arena->base + arena->used : NULL;
    arena->used += round_up(count * size, CACHE_LINE);
    return here;
}

static void lay_out(Arena *arena, Descent *run, Stand *stand, Stand *trial, Before *before,
                    const Climbing *how)
{
    const Points *points = run->points;
    const size_t n = points->rows.n, d = points->rows.d, k = run->k, padded = points->groups * GROUP;
    const size_t double_size = sizeof(double), swapping = how->tries > 0;
    const size_t blocks = swapping ? n / LANES + k + 1 : 0, count = swapping ? how->candidates : 0;
    run->near = piece(arena, padded, double_size);
    run->next = piece(arena, padded, double_size);
    run->limit = piece(arena, padded, double_size);
    run->before = piece(arena, k * d, double_size);
    run->scale = piece(arena, k, double_size);
    run->floor = piece(arena, k, double_size);
    run->columns = piece(arena, d * GROUP, double_size);
    run->factor = piece(arena, k, sizeof(float));
    run->share = piece(arena, k, sizeof(float));
    run->listed = piece(arena, n + 1, sizeof(int32_t));
    run->was = piece(arena, n, sizeof(int32_t));
    stand->sums = piece(arena, k * d, double_size);
    stand->mass = piece(arena, k, double_size);
    stand->counts = piece(arena, k, sizeof(size_t));
    trial->centres = piece(arena, k * d, double_size);
    trial->sums = piece(arena, k * d, double_size);
    trial->mass = piece(arena, k, double_size);
    trial->counts = piece(arena, k, sizeof(size_t));
    trial->labels = piece(arena, swapping ? n : 0, sizeof(int32_t));
    before->first = piece(arena, swapping ? padded : 0, double_size);
    before->second = piece(arena, swapping ? padded : 0, double_size);
    before->columns = piece(arena, blocks * LANES * d, double_size);
    before->keep = piece(arena, blocks * LANES, double_size);
    before->lose = piece(arena, blocks * LANES, double_size);
    before->mass = piece(arena, blocks * LANES, double_size);
    before->begin = piece(arena, k + 1, sizeof(size_t));
    before->at = piece(arena, k, sizeof(size_t));
    before->apart = piece(arena, k, double_size);
    before->price = piece(arena, k * count, double_size);
    before->labels = piece(arena, swapping ? n : 0, sizeof(int32_t));
    before->home = piece(arena, count, sizeof(int32_t));
    before->of_centre = piece(arena, k, sizeof(size_t));
    before->of_row = piece(arena, count, sizeof(size_t));
}

/* Climb from `centres`, in place; `labels` are n, `rows` the candidates of this start. */
static void climb(const Points *points, size_t k, double *centres, int32_t *labels,
                  const int64_t *rows, const Climbing *how, Ending *ending)
{
    Descent run = {.points = points, .k = k};
    Stand stand = {.centres = centres, .labels = labels}, trial = {0};
    Before before = {0};
    Arena arena = {NULL, 0};
    memset(ending, 0, sizeof *ending);
    lay_out(&arena, &run, &stand, &trial, &before, how);
    char *room = aligned_room(arena.used);
    if (!room) {
        ending->failed = 1;
        return;
    }
    arena = (Arena){room, 0};
    lay_out(&arena, &run, &stand, &trial, &before, how);
    if (!table_room(&run.table, k, points->rows.d)) {
        ending->failed = 1;
        table_free(&run.table), free(room);
        return;
    }
    for (size_t i = 0; i < points->rows.n; i++) run.heaviest = fmax(run.heaviest, points->mass[i]);
    descend_from_centres(&run, &stand, how);
    while (how->tries > 0 && k > 1 && swap_once(&run, &stand, &trial, &before, rows, how)) {
    }
    ending->inertia = stand.inertia, ending->converged = (uint8_t)stand.settled;
    ending->iterations = stand.iterations;
    table_free(&run.table), free(room);
}

static const Twin twin = {
    ISA_NAME,
    visit_block,
    nearest_block,
    assign_block,
    prepare_group,
    fill_columns,
    seed,
    lloyd,
    climb,
};
