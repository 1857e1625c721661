/* Starts, seedings and climbs on points that are prepared once. */
#ifndef SEGMEANS_KERNELS_POINTS_H
#define SEGMEANS_KERNELS_POINTS_H

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

/* What a task needs of its points: floats to score, doubles to measure. */
enum { NARROW = 1, COLUMNS = 2 };

static int points_room(Points *points, int needs)
{
    const Rows *rows = &points->rows;
    const size_t groups = points->groups = (rows->n + GROUP - 1) / GROUP;
    if (needs & NARROW) {
        points->narrow = aligned_room(groups * GROUP * rows->d * sizeof(float));
        points->lengths = aligned_room(groups * GROUP * sizeof(float));
        if (!points->narrow || !points->lengths) return 0;
    }
    if (needs & COLUMNS) {
        points->columns = aligned_room(groups * GROUP * rows->d * sizeof(double));
        if (!points->columns) return 0;
    }
    points->mass = aligned_room(groups * GROUP * sizeof(double));
    return points->mass != NULL;
}

static void points_fill(Points *points)
{
    Rows *rows = &points->rows;
    rows->scale = unit_scale(rows->values, rows->n * rows->d, 0);
    for (size_t g = 0; g < points->groups; g++) {
        const size_t first = g * GROUP, rest = rows->n - first, n = rest < GROUP ? rest : GROUP;
        if (points->narrow) {
            twin->prepare_group(rows, first, n, points->narrow + first * rows->d,
                                points->lengths + first);
        }
        if (points->columns) {
            twin->fill_columns(rows, first, n, 1.0, points->columns + first * rows->d);
        }
        double *mass = points->mass + first;
        for (size_t i = 0; i < n; i++) mass[i] = rows->weights ? rows->weights[first + i] : 1.0;
        for (size_t i = n; i < GROUP; i++) mass[i] = 0.0;
    }
}

static void points_free(Points *points)
{
    free(points->narrow), free(points->lengths), free(points->columns), free(points->mass);
}

/* Where the ends of all tasks go. */
typedef struct {
    double *inertia;
    int64_t *iterations;
    uint8_t *converged;
} Ends;

/* Prepare the points and run one task per start or climb; 0 where memory ran out. */
static int over_points(Points *points, int needs, size_t k, size_t count, size_t threads, void *job,
                       void (*task)(void *context, size_t task, size_t thread), Ending **endings,
                       const Ends *ends)
{
    *endings = calloc(count, sizeof(Ending));
    int ready = points_room(points, needs) && *endings;
    if (ready) {
        points_fill(points);
        const double work = (double)points->rows.n * (double)(k * points->rows.d);
        if (work * (double)count < THREAD_WORK) threads = 1;
        parallel(count, threads < count ? threads : count, job, task);
        for (size_t s = 0; s < count; s++) {
            ends->inertia[s] = (*endings)[s].inertia;
            ends->iterations[s] = (*endings)[s].iterations;
            ends->converged[s] = (*endings)[s].converged;
            ready &= !(*endings)[s].failed;
        }
    }
    points_free(points);
    free(*endings);
    return ready;
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

static int run_starts(Starts *job, size_t count, size_t threads, const Ends *ends)
{
    const int needs = job->uniforms ? NARROW | COLUMNS : NARROW;
    return over_points(&job->points, needs, job->k, count, threads, job, starts_task, &job->endings,
                       ends);
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
        const Ends ends = {views[5].buf, views[6].buf, views[7].buf};
        Py_BEGIN_ALLOW_THREADS
        ready = run_starts(&job, (size_t)s, (size_t)(threads > 0 ? threads : 1), &ends);
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
        ready = points_room(&points, COLUMNS);
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

/* ---- climbs ------------------------------------------------------------------------------ */

typedef struct {
    Points points;
    size_t k;
    Climbing how;
    const int64_t *candidates; /* s x how.candidates */
    double *centres;           /* s x k x d */
    int32_t *labels;           /* s x m */
    Ending *endings;
} Climbs;

static void climb_task(void *context, size_t task, size_t thread)
{
    (void)thread;
    const Climbs *job = context;
    const Rows *rows = &job->points.rows;
    twin->climb(&job->points, job->k, job->centres + task * job->k * rows->d,
                job->labels + task * rows->n, job->candidates + task * job->how.candidates,
                &job->how, &job->endings[task]);
}

static int run_climbs(Climbs *job, size_t count, size_t threads, const Ends *ends)
{
    return over_points(&job->points, NARROW | COLUMNS, job->k, count, threads, job, climb_task,
                       &job->endings, ends);
}

PyDoc_STRVAR(climb_doc,
             "climb(points, weights, m, d, k, centres, s, candidates, t, tries, per_centre,\n"
             "      exchanges, max_iter, tol, threads, labels, inertia, converged, iterations)\n\n"
             "Climb from every set of centres, in place, and fill the last four arrays.");

static PyObject *py_climb(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *values, *weights, *centres, *candidates, *labels, *inertia, *converged, *iterations;
    Py_ssize_t m, d, k, s, t, tries, per_centre, exchanges, max_iter, threads;
    Climbs job = {0};
    if (!PyArg_ParseTuple(arguments, "OOnnnOnOnnnnndnOOOO", &values, &weights, &m, &d, &k, &centres,
                          &s, &candidates, &t, &tries, &per_centre, &exchanges, &max_iter,
                          &job.how.tol, &threads, &labels, &inertia, &converged,
                          &iterations)) {
        return NULL;
    }
    if (m < 1 || m > INT32_MAX || d < 1 || k < 1 || s < 0 || t < 0 || tries < 0 || per_centre < 0) {
        PyErr_SetString(PyExc_ValueError, "climb: the shapes do not suit");
        return NULL;
    }
    Rows *rows = &job.points.rows;
    *rows = (Rows){.wide = 1, .n = (size_t)m, .d = (size_t)d, .scale = 1.0};
    job.k = (size_t)k, job.how.candidates = (size_t)t, job.how.tries = (size_t)tries;
    job.how.per_centre = (size_t)per_centre, job.how.exchanges = exchanges;
    job.how.max_iter = max_iter;
    Py_buffer views[9] = {{0}};
    int ready = read_rows(values, Py_None, weights, rows, views) &&
                take(centres, &views[3], (size_t)(s * k * d) * sizeof(double), 1) &&
                take(candidates, &views[4], (size_t)(s * t) * sizeof(int64_t), 0) &&
                take(labels, &views[5], (size_t)(s * m) * sizeof(int32_t), 1) &&
                take(inertia, &views[6], (size_t)s * sizeof(double), 1) &&
                take(converged, &views[7], (size_t)s, 1) &&
                take(iterations, &views[8], (size_t)s * sizeof(int64_t), 1);
    job.candidates = views[4].buf;
    for (Py_ssize_t i = 0; ready && i < s * t; i++) {
        if (job.candidates[i] >= 0 && job.candidates[i] < m) continue;
        PyErr_SetString(PyExc_IndexError, "climb: a candidate is none of the points");
        ready = 0;
    }
    if (ready && s > 0) {
        job.centres = views[3].buf, job.labels = views[5].buf;
        const Ends ends = {views[6].buf, views[8].buf, views[7].buf};
        Py_BEGIN_ALLOW_THREADS
        ready = run_climbs(&job, (size_t)s, (size_t)(threads > 0 ? threads : 1), &ends);
        Py_END_ALLOW_THREADS
        if (!ready) PyErr_NoMemory();
    }
    release(views, 9);
    if (!ready) return NULL;
    Py_RETURN_NONE;
}

#endif
