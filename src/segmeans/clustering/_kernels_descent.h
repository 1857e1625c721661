/* Descents on points held in cache: Lloyd's iterations, then exchanges, in float64.
 *
 * Included once per instruction set, after _kernels_look.h. The same steps, order and ties as in
 * climb.py, but rows are only looked at where their label could have changed.
 *
 * An exchange of row x with weight w from cluster a to b pays when |x-a|^2 m_a / (m_a - w) >
 * |x-b|^2 m_b / (m_b + w). With s^2 a lower bound of m_b / (m_b + w) (m_a - w) / m_a it cannot pay
 * while near + shift of a <= s (next - shift of b), hence while the drift is below
 * drift then + s next - near, as s <= 1. The masses enter with FLOOR times what they were; where
 * one falls below its floor, all rows are looked at again.
 */
#define FLOOR 0.9
#define EXCHANGE_GAIN 1e-12 /* relative to the inertia per point: below it a gain is rounding */

/* Add `row` to the sums of one cluster, or take it away. */
INLINE void count_row(const Points *points, Stand *stand, size_t row, int32_t cluster, double sign)
{
    const size_t d = points->rows.d;
    const double weight = sign * points->mass[row], *value = row_of(points, row);
    double *sum = stand->sums + (size_t)cluster * d;
    for (size_t j = 0; j < d; j++) sum[j] += weight * value[j];
    stand->mass[cluster] += weight;
    stand->counts[cluster] += sign > 0.0 ? 1 : (size_t)-1;
}

/* The sums from the labels, free of what earlier steps rounded. */
static void count_afresh(const Points *points, Stand *stand, size_t k)
{
    const size_t d = points->rows.d;
    memset(stand->sums, 0, k * d * sizeof(double));
    memset(stand->mass, 0, k * sizeof(double));
    memset(stand->counts, 0, k * sizeof(size_t));
    for (size_t i = 0; i < points->rows.n; i++) {
        count_row(points, stand, i, stand->labels[i], 1.0);
    }
}

/* The sum of the two longest shifts since `before`, a little more rather than less. */
static double reach_of(const Descent *run, const double *centres)
{
    const size_t d = run->points->rows.d;
    double longest = 0.0, next = 0.0;
    for (size_t c = 0; c < run->k; c++) {
        double square = 0.0;
        for (size_t j = 0; j < d; j++) {
            const double offset = centres[c * d + j] - run->before[c * d + j];
            square += offset * offset;
        }
        const double lower = square < longest ? square : longest;
        next = lower > next ? lower : next;
        longest = square > longest ? square : longest;
    }
    return (sqrt(longest) + sqrt(next)) * (1.0 + 0x1p-20);
}

/* Move the centres to the means of their rows; return by how much that lowers the inertia. */
static double move_to_means(Descent *run, Stand *stand)
{
    const size_t k = run->k, d = run->points->rows.d;
    double fall = 0.0;
    memcpy(run->before, stand->centres, k * d * sizeof(double));
    for (size_t c = 0; c < k; c++) {
        double square = 0.0;
        for (size_t j = 0; j < d; j++) {
            const double mean = stand->sums[c * d + j] / stand->mass[c];
            const double offset = mean - stand->centres[c * d + j];
            square += offset * offset;
            stand->centres[c * d + j] = mean;
        }
        fall += stand->mass[c] * square;
    }
    run->drift += reach_of(run, stand->centres);
    return fall;
}

/* Look at every row and label it. */
static void look_at_all(Descent *run, Stand *stand)
{
    const Points *points = run->points;
    const size_t d = points->rows.d;
    double near[GROUP], next[GROUP], labels[GROUP];
    for (size_t g = 0; g < points->groups; g++) {
        look(points->columns + g * GROUP * d, stand->centres, run->k, d, near, next, labels);
        set_limits(run, g * GROUP, near, next);
        const size_t n = rows_of(points, g);
        for (size_t i = 0; i < n; i++) stand->labels[g * GROUP + i] = (int32_t)labels[i];
    }
}

/* Look at the listed rows again; return how many took another label, listed first, with what it
 * `was`. */
static size_t look_again(Descent *run, Stand *stand, size_t count)
{
    const size_t d = run->points->rows.d;
    const double eps = rounding(d), less_sure = 1.0 - eps, more = 1.0 + eps;
    double near[GROUP], next[GROUP], labels[GROUP];
    size_t changed = 0;
    for (size_t first = 0; first < count; first += GROUP) {
        const size_t here = count - first < GROUP ? count - first : GROUP;
        gather(run, run->listed + first, here);
        look(run->columns, stand->centres, run->k, d, near, next, labels);
        for (size_t i = 0; i < GROUP; i++) near[i] = sqrt(near[i]), next[i] = sqrt(next[i]);
        for (size_t i = 0; i < here; i++) {
            const int32_t row = run->listed[first + i], label = (int32_t)labels[i];
            run->near[row] = near[i], run->next[row] = next[i];
            run->limit[row] = run->drift + (next[i] * less_sure - near[i] * more);
            if (label == stand->labels[row]) continue;
            run->was[changed] = stand->labels[row];
            run->listed[changed++] = row;
            stand->labels[row] = label;
        }
    }
    return changed;
}

INLINE double square_between(const double *a, const double *b, size_t d)
{
    double square = 0.0;
    for (size_t j = 0; j < d; j++) square += (a[j] - b[j]) * (a[j] - b[j]);
    return square;
}

static int has_empty(const Stand *stand, size_t k)
{
    for (size_t c = 0; c < k; c++) {
        if (stand->counts[c] == 0) return 1;
    }
    return 0;
}

/* Give each empty cluster the costliest row of a cluster that has others. The centres are those
 * by which the rows were labelled. */
static void fill_empty(Descent *run, Stand *stand)
{
    const Points *points = run->points;
    const size_t n = points->rows.n, d = points->rows.d;
    double *cost = malloc(n * sizeof *cost);
    if (!cost) return; /* no memory: the cluster stays empty and keeps its centre */
    for (size_t i = 0; i < n; i++) {
        const double *centre = stand->centres + (size_t)stand->labels[i] * d;
        cost[i] = points->mass[i] * square_between(row_of(points, i), centre, d);
    }
    for (size_t c = 0; c < run->k; c++) {
        if (stand->counts[c] > 0) continue;
        size_t chosen = n;
        double most = -1.0;
        for (size_t i = 0; i < n; i++) {
            if (stand->counts[stand->labels[i]] > 1 && cost[i] > most) most = cost[i], chosen = i;
        }
        if (chosen == n) break;
        count_row(points, stand, chosen, stand->labels[chosen], -1.0);
        stand->labels[chosen] = (int32_t)c, cost[chosen] = 0.0;
        run->limit[chosen] = -INFINITY;
        memset(stand->sums + c * d, 0, d * sizeof(double)), stand->mass[c] = 0.0;
        count_row(points, stand, chosen, (int32_t)c, 1.0);
    }
    free(cost);
}

/* Label again the rows that may have changed, keep the sums in step; return how many did. */
static size_t relabel(Descent *run, Stand *stand)
{
    const size_t changed = look_again(run, stand, list_rows(run, stand, 0));
    for (size_t i = 0; i < changed; i++) {
        const int32_t row = run->listed[i];
        count_row(run->points, stand, (size_t)row, run->was[i], -1.0);
        count_row(run->points, stand, (size_t)row, stand->labels[row], 1.0);
    }
    if (!changed || !has_empty(stand, run->k)) return changed;
    fill_empty(run, stand);
    size_t still = 0;
    for (size_t i = 0; i < changed; i++) still += stand->labels[run->listed[i]] != run->was[i];
    return still;
}

/* Lloyd's iterations from rows that are labelled and counted; `inertia` is that of the begin. */
static void iterate(Descent *run, Stand *stand, int64_t max_iter, double tol, double inertia)
{
    int fresh = 0;
    stand->settled = 0;
    stand->iterations = 1;
    double fall = move_to_means(run, stand);
    for (int64_t it = 1; it < max_iter; it++) {
        stand->iterations++;
        if (tol > 0.0 && fall < tol * inertia) break;
        if (relabel(run, stand) == 0) {
            stand->settled = fresh;
            if (fresh) break;
            count_afresh(run->points, stand, run->k);
            fresh = 1;
        } else {
            fresh = 0;
        }
        fall = move_to_means(run, stand);
    }
}

/* From the limits of labels to those of exchanges, where the masses are what they are now. */
static void begin_exchanges(Descent *run, const Stand *stand)
{
    const Points *points = run->points;
    const double heaviest = run->heaviest;
    double least = 1.0;
    for (size_t c = 0; c < run->k; c++) {
        run->floor[c] = FLOOR * stand->mass[c];
        least = fmin(least, run->floor[c] / (run->floor[c] + heaviest));
    }
    for (size_t c = 0; c < run->k; c++) {
        const double share = least * (run->floor[c] - heaviest) / run->floor[c];
        run->scale[c] = share > 0.0 ? sqrt(share) * (1.0 - 0x1p-40) - 1.0 : -1.0;
    }
    for (size_t i = 0; i < points->rows.n; i++) {
        run->limit[i] += run->scale[stand->labels[i]] * run->next[i];
    }
}

/* Move one row to the cluster where it costs least, if that pays; return the gain or zero. */
static double transfer(const Points *points, Stand *stand, size_t k, size_t row, double eps)
{
    const size_t d = points->rows.d, a = (size_t)stand->labels[row];
    const double w = points->mass[row], *x = row_of(points, row), rest = stand->mass[a] - w;
    if (rest <= 1e-12 * w) return 0.0;
    double least = INFINITY;
    size_t b = k;
    for (size_t c = 0; c < k; c++) {
        if (c == a) continue;
        const double square = square_between(x, stand->centres + c * d, d);
        const double cost = w * square * stand->mass[c] / (stand->mass[c] + w);
        if (cost < least) least = cost, b = c;
    }
    const double own = square_between(x, stand->centres + a * d, d);
    const double gain = w * own * stand->mass[a] / rest - least;
    if (b == k || !(gain > eps)) return 0.0;
    double *from = stand->centres + a * d, *to = stand->centres + b * d;
    for (size_t j = 0; j < d; j++) {
        from[j] -= w * (x[j] - from[j]) / rest;
        to[j] += w * (x[j] - to[j]) / (stand->mass[b] + w);
    }
    stand->mass[a] = rest, stand->mass[b] += w;
    stand->labels[row] = (int32_t)b;
    return gain;
}

/* List the rows whose exchange pays as things stand, were all as heavy as the heaviest: a few too
 * many, never one too few. */
static size_t list_paying(Descent *run, const Stand *stand)
{
    const Points *points = run->points;
    const size_t d = points->rows.d;
    double labels[GROUP], own[GROUP], other[GROUP];
    double worst = 1.0;
    size_t paying = 0;
    for (size_t c = 0; c < run->k; c++) {
        const double mass = stand->mass[c], floor = run->floor[c];
        run->scale[c] = mass / (mass + run->heaviest);
        const double least = floor / (floor + run->heaviest) / run->scale[c];
        worst = least < worst ? least : worst;
    }
    worst = sqrt(worst) * (1.0 - 0x1p-40);
    for (size_t c = 0; c < run->k; c++) {
        const double share = (run->floor[c] - run->heaviest) / run->floor[c];
        run->factor[c] = (float)run->scale[c];
        run->share[c] = share > 0.0 ? (float)(sqrt(share) * worst) : 0.0f;
    }
    const size_t count = list_rows(run, stand, 1);
    for (size_t first = 0; first < count; first += GROUP) {
        const size_t here = count - first < GROUP ? count - first : GROUP;
        const int32_t *rows = run->listed + first;
        gather(run, rows, here);
        for (size_t i = 0; i < GROUP; i++) {
            labels[i] = (double)stand->labels[rows[i < here ? i : here - 1]];
        }
        look_beside(run->columns, stand->centres, run->scale, run->k, d, labels, own, other);
        for (size_t i = 0; i < here; i++) {
            const int32_t row = rows[i], label = stand->labels[row];
            const double mass = stand->mass[label], w = points->mass[row], rest = mass - w;
            const double share = (run->floor[label] - run->heaviest) / run->floor[label];
            const double sure = share > 0.0 ? sqrt(share * other[i]) * worst : 0.0;
            run->limit[row] = run->drift + (sure - sqrt(own[i]) * (1.0 + rounding(d)));
            if (own[i] * mass > other[i] * rest && rest > 1e-12 * w) run->listed[paying++] = row;
        }
    }
    return paying;
}

/* One sweep of exchanges; return how many rows moved. */
static size_t exchange(Descent *run, Stand *stand, double eps, double *gained)
{
    const size_t paying = list_paying(run, stand);
    size_t moved = 0;
    *gained = 0.0;
    if (!paying) return 0;
    memcpy(run->before, stand->centres, run->k * run->points->rows.d * sizeof(double));
    for (size_t i = 0; i < paying; i++) {
        const int32_t row = run->listed[i];
        const double gain = transfer(run->points, stand, run->k, (size_t)row, eps);
        if (gain > 0.0) run->limit[row] = -INFINITY, moved++;
        *gained += gain;
    }
    if (moved) run->drift += reach_of(run, stand->centres);
    for (size_t c = 0; c < run->k; c++) {
        if (stand->mass[c] >= run->floor[c]) continue;
        for (size_t i = 0; i < run->points->rows.n; i++) run->limit[i] = -INFINITY;
        for (size_t e = 0; e < run->k; e++) run->floor[e] = FLOOR * stand->mass[e];
        break;
    }
    return moved;
}

/* Weighted squared distances from the rows to their centres. */
static double inertia_now(const Points *points, const Stand *stand)
{
    const size_t d = points->rows.d;
    wide8 wide = {0};
    double lanes[8] = {0.0}, total = 0.0;
    for (size_t i = 0; i < points->rows.n; i++) {
        const double w = points->mass[i], *x = row_of(points, i);
        const double *centre = stand->centres + (size_t)stand->labels[i] * d;
        size_t j = 0;
        for (; j + 8 <= d; j += 8) {
            const wide8 offset = *(const wide8 *)(x + j) - *(const wide8 *)(centre + j);
            wide += w * (offset * offset);
        }
        for (int l = 0; j < d; j++, l++) lanes[l] += w * ((x[j] - centre[j]) * (x[j] - centre[j]));
    }
    for (int l = 0; l < 8; l++) total += wide[l] + lanes[l];
    return total;
}

/* The inertia at the distances last looked at: near enough for a tolerance. */
static double inertia_seen(const Descent *run)
{
    double total = 0.0;
    for (size_t i = 0; i < run->points->rows.n; i++) {
        total += run->points->mass[i] * (run->near[i] * run->near[i]);
    }
    return total;
}

/* Lloyd, then exchanges, from rows that are labelled and counted, until nothing moves or the
 * gains fall below tol. */
static void descend(Descent *run, Stand *stand, const Climbing *how, int64_t max_iter)
{
    const Points *points = run->points;
    const double inertia = inertia_seen(run), eps = EXCHANGE_GAIN * inertia / (double)points->rows.n;
    iterate(run, stand, max_iter, how->tol, inertia);
    int fresh = 0;
    double gained;
    const int64_t exchanges = run->k > 1 ? how->exchanges : 0;
    if (exchanges > 0) begin_exchanges(run, stand);
    for (int64_t sweep = 0; sweep < exchanges; sweep++) {
        const size_t moved = exchange(run, stand, eps, &gained);
        stand->iterations++;
        stand->settled = moved == 0;
        if (moved) fresh = 0;
        if (fresh || (moved && gained < how->tol * inertia)) break;
        if (moved) continue;
        count_afresh(points, stand, run->k);
        move_to_means(run, stand);
        fresh = 1;
    }
    if (!fresh) {
        count_afresh(points, stand, run->k);
        move_to_means(run, stand);
    }
    stand->inertia = inertia_now(points, stand);
}

/* Descend from the centres alone. */
static void descend_from_centres(Descent *run, Stand *stand, const Climbing *how)
{
    run->drift = 0.0;
    look_at_all(run, stand);
    count_afresh(run->points, stand, run->k);
    if (has_empty(stand, run->k)) fill_empty(run, stand);
    descend(run, stand, how, how->max_iter);
}
