/* The compiled twin of reference.py: same functions, same arguments, same labels.
 *
 * Buffers in, buffers out; shapes are checked in compiled.py, sizes here. No Python object is
 * touched while the interpreter lock is released. Sums are taken per block of BLOCK rows and
 * reduced in the order of the blocks, so the threads leave no trace in the bits.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "_kernels_threads.h"
#include "_kernels_twins.h"

static const Twin *twins[4];
static size_t twin_count;
static const Twin *twin;

#include "_kernels_buffers.h"
#include "_kernels_points.h"

/* A thread costs as much as some thousand rows: none for fewer than THREAD_BLOCKS blocks. */
enum { THREAD_BLOCKS = 2 };

static size_t useful_threads(size_t threads, size_t blocks)
{
    const size_t most = blocks < THREAD_BLOCKS ? 1 : blocks / THREAD_BLOCKS;
    return threads < most ? threads : most;
}

/* ---- passes ------------------------------------------------------------------------------ */

typedef struct {
    const Rows *rows;
    Set *sets;
    size_t count, first_block, width;
    Scratch *scratches;
    double *room;          /* blocks of one wave x width */
    Partial *partials;     /* blocks of one wave x count */
} Sweep;

enum { SET_BUFFERS = 4 };  /* centres, labels, deadlines, out */

static void sweep_task(void *context, size_t task, size_t thread)
{
    Sweep *sweep = context;
    const size_t first = (sweep->first_block + task) * BLOCK;
    const size_t rest = sweep->rows->n - first;
    double *room = sweep->room + task * sweep->width;
    Partial *partials = sweep->partials + task * sweep->count;
    for (size_t s = 0; s < sweep->count; s++) {
        partial_place(&partials[s], &sweep->sets[s].table, room);
        room += partial_width(&sweep->sets[s].table);
    }
    twin->visit_block(sweep->rows, NULL, first, rest < BLOCK ? rest : BLOCK, sweep->sets, partials,
                      sweep->count, &sweep->scratches[thread]);
}

/* Blocks are visited in waves whose sums fit in so much room. */
enum { WAVE_DOUBLES = 1 << 17 };

static int run_sweep(Sweep *sweep, size_t threads, Py_buffer *views, size_t *changes)
{
    const size_t blocks = (sweep->rows->n + BLOCK - 1) / BLOCK;
    size_t wave = WAVE_DOUBLES / sweep->width;
    wave = wave < 8 * threads ? 8 * threads : wave;
    wave = wave < blocks ? wave : blocks;
    threads = useful_threads(threads, wave);
    sweep->room = aligned_room(wave * sweep->width * sizeof(double));
    sweep->partials = malloc(wave * sweep->count * sizeof(Partial));
    sweep->scratches = calloc(threads, sizeof(Scratch));
    int ready = sweep->room && sweep->partials && sweep->scratches;
    for (size_t t = 0; ready && t < threads; t++) {
        ready = scratch_room(&sweep->scratches[t], sweep->rows->d, sweep->sets, sweep->count);
    }
    for (size_t first = 0; ready && first < blocks; first += wave) {
        const size_t here = blocks - first < wave ? blocks - first : wave;
        sweep->first_block = first;
        parallel(here, threads, sweep, sweep_task);
        for (size_t b = 0; b < here; b++) {
            for (size_t s = 0; s < sweep->count; s++) {
                const Partial *partial = &sweep->partials[b * sweep->count + s];
                reduce(&sweep->sets[s], partial, views[s * SET_BUFFERS + 3].buf);
                changes[s] += partial->changes;
            }
        }
    }
    for (size_t t = 0; sweep->scratches && t < threads; t++) scratch_free(&sweep->scratches[t]);
    free(sweep->room), free(sweep->partials), free(sweep->scratches);
    return ready;
}

/* One set: (slot, centres, k, labels, width, deadlines, drift, bounded, delta, out). */
static int read_set(PyObject *item, const Rows *rows, Set *set, Py_buffer *views)
{
    PyObject *centres, *labels, *deadlines, *out;
    Py_ssize_t slot, k;
    const size_t n = rows->n, d = rows->d;
    if (!PyArg_ParseTuple(item, "nOnOiOdiiO", &slot, &centres, &k, &labels, &set->width, &deadlines,
                          &set->drift, &set->bounded, &set->delta, &out)) {
        return 0;
    }
    set->slot = (size_t)slot;
    if (slot < 0 || k < 1 || (labels == Py_None) != (deadlines == Py_None) ||
        (labels == Py_None && (set->bounded || set->delta))) {
        PyErr_SetString(PyExc_ValueError, "A set of centres is not well formed");
        return 0;
    }
    if (!take(centres, &views[0], (size_t)k * d * sizeof(double), 0) ||
        !take(labels, &views[1], n * (size_t)set->width, 1) ||
        !take(deadlines, &views[2], (n + GROUP - 1) / GROUP * sizeof(float), 1) ||
        !take(out, &views[3], ((size_t)k * (d + 1) + 1) * sizeof(double), 1)) {
        return 0;
    }
    set->labels = views[1].buf, set->deadlines = views[2].buf;
    if (!table_room(&set->table, (size_t)k, d)) {
        PyErr_NoMemory();
        return 0;
    }
    table_fill(&set->table, views[0].buf, rows->scale);
    return 1;
}

PyDoc_STRVAR(sweep_doc,
             "sweep(rows, wide, n, d, origin, weights, scale, sets, threads) -> changes\n\n"
             "Visit rows once for several sets of centres and add to their totals.");

static PyObject *py_sweep(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *values, *origin, *weights, *list, *result = NULL;
    Py_ssize_t n, d, threads;
    Rows rows = {0};
    if (!PyArg_ParseTuple(arguments, "OinnOOdO!n", &values, &rows.wide, &n, &d, &origin, &weights,
                          &rows.scale, &PyList_Type, &list, &threads)) {
        return NULL;
    }
    rows.n = (size_t)n, rows.d = (size_t)d;
    const size_t count = (size_t)PyList_Size(list);
    Py_buffer views[3] = {{0}}, *set_views = calloc(count + 1, SET_BUFFERS * sizeof(Py_buffer));
    Set *sets = calloc(count + 1, sizeof(Set));
    size_t *changes = calloc(count + 1, sizeof(size_t));
    Sweep sweep = {&rows, sets, count, 0, 0, NULL, NULL, NULL};
    int ready = set_views && sets && changes;
    if (!ready) PyErr_NoMemory();
    ready = ready && read_rows(values, origin, weights, &rows, views);
    for (size_t s = 0; ready && s < count; s++) {
        ready = read_set(PyList_GetItem(list, (Py_ssize_t)s), &rows, &sets[s],
                         set_views + s * SET_BUFFERS);
        if (ready) sweep.width += partial_width(&sets[s].table);
    }
    if (ready && n > 0 && count > 0) {
        Py_BEGIN_ALLOW_THREADS
        ready = run_sweep(&sweep, (size_t)(threads > 0 ? threads : 1), set_views, changes);
        Py_END_ALLOW_THREADS
        if (!ready) PyErr_NoMemory();
    }
    if (ready) result = PyList_New((Py_ssize_t)count);
    for (size_t s = 0; result && s < count; s++) {
        PyList_SetItem(result, (Py_ssize_t)s, PyLong_FromSize_t(changes[s]));
    }
    for (size_t s = 0; sets && s < count; s++) table_free(&sets[s].table);
    if (set_views) release(set_views, count * SET_BUFFERS);
    release(views, 3);
    free(set_views), free(sets), free(changes);
    return result;
}

/* ---- nearest ----------------------------------------------------------------------------- */

typedef struct {
    const Rows *rows;
    const Table *table;
    Scratch *scratches;
    int32_t *labels, *second_labels;
    double *distances, *second_distances;
} Nearest;

static void nearest_task(void *context, size_t task, size_t thread)
{
    const Nearest *job = context;
    const size_t first = task * BLOCK, rest = job->rows->n - first;
    const size_t n = rest < BLOCK ? rest : BLOCK;
    Scratch *scratch = &job->scratches[thread];
    if (!job->distances && !job->second_labels && !job->second_distances) {
        twin->assign_block(job->rows, first, n, job->table, scratch, job->labels);
    } else {
        twin->nearest_block(job->rows, first, n, job->table, scratch, job->labels, job->distances,
                            job->second_labels, job->second_distances);
    }
}

static int run_nearest(Nearest *job, size_t threads)
{
    const size_t blocks = (job->rows->n + BLOCK - 1) / BLOCK;
    threads = useful_threads(threads, blocks);
    job->scratches = calloc(threads, sizeof(Scratch));
    int ready = job->scratches != NULL;
    for (size_t t = 0; ready && t < threads; t++) {
        ready = scratch_room(&job->scratches[t], job->rows->d, NULL, 1);
    }
    if (ready) parallel(blocks, threads, job, nearest_task);
    for (size_t t = 0; job->scratches && t < threads; t++) scratch_free(&job->scratches[t]);
    free(job->scratches);
    return ready;
}

PyDoc_STRVAR(nearest_doc,
             "nearest(rows, wide, n, d, origin, centres, k, labels, distances, second_labels,\n"
             "        second_distances, threads)\n\n"
             "Fill the four arrays; all but the labels may be None.");

static PyObject *py_nearest(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *values, *origin, *centres, *labels, *distances, *seconds, *further;
    Py_ssize_t n, d, k, threads;
    Rows rows = {0};
    if (!PyArg_ParseTuple(arguments, "OinnOOnOOOOn", &values, &rows.wide, &n, &d, &origin, &centres,
                          &k, &labels, &distances, &seconds, &further, &threads)) {
        return NULL;
    }
    rows.n = (size_t)n, rows.d = (size_t)d;
    Py_buffer views[8] = {{0}};
    Table table = {0};
    int ready = read_rows(values, origin, Py_None, &rows, views) &&
                take(centres, &views[3], (size_t)(k * d) * sizeof(double), 0) &&
                take(labels, &views[4], rows.n * sizeof(int32_t), 1) &&
                take(distances, &views[5], rows.n * sizeof(double), 1) &&
                take(seconds, &views[6], rows.n * sizeof(int32_t), 1) &&
                take(further, &views[7], rows.n * sizeof(double), 1);
    if (ready && n > 0) {
        Nearest job = {&rows, &table, NULL, views[4].buf, views[6].buf, views[5].buf, views[7].buf};
        Py_BEGIN_ALLOW_THREADS
        rows.scale = unit_scale(views[3].buf, (size_t)(k * d), 0);
        ready = table_room(&table, (size_t)k, (size_t)d);
        if (ready) {
            table_fill(&table, views[3].buf, rows.scale);
            ready = run_nearest(&job, (size_t)(threads > 0 ? threads : 1));
        }
        table_free(&table);
        Py_END_ALLOW_THREADS
        if (!ready) PyErr_NoMemory();
    }
    release(views, 8);
    if (!ready) return NULL;
    Py_RETURN_NONE;
}

/* ---- instruction sets -------------------------------------------------------------------- */

static PyObject *py_instructions(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    PyObject *names = PyList_New((Py_ssize_t)twin_count);
    for (size_t t = 0; names && t < twin_count; t++) {
        PyList_SetItem(names, (Py_ssize_t)t, PyUnicode_FromString(twins[t]->name));
    }
    return names;
}

static PyObject *py_use(PyObject *module, PyObject *arguments)
{
    (void)module;
    const char *name;
    if (!PyArg_ParseTuple(arguments, "s", &name)) return NULL;
    for (size_t t = 0; t < twin_count; t++) {
        if (strcmp(twins[t]->name, name)) continue;
        twin = twins[t];
        Py_RETURN_NONE;
    }
    return PyErr_Format(PyExc_ValueError, "No such instruction set here: %s", name);
}

static PyMethodDef methods[] = {
    {"sweep", py_sweep, METH_VARARGS, sweep_doc},
    {"nearest", py_nearest, METH_VARARGS, nearest_doc},
    {"starts", py_starts, METH_VARARGS, starts_doc},
    {"climb", py_climb, METH_VARARGS, climb_doc},
    {"seed", py_seed, METH_VARARGS, seed_doc},
    {"instructions", py_instructions, METH_NOARGS, "Name what this processor can run, best first."},
    {"use", py_use, METH_VARARGS, "Choose one of instructions(), for all threads."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_kernels", "The compiled twin of reference.py.", -1, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kernels(void)
{
    twin_count = usable_twins(twins);
    twin = twins[0];
    return PyModule_Create(&definition);
}
