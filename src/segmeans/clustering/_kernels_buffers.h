/* Buffers of arrays, taken and given back. */
#ifndef SEGMEANS_KERNELS_BUFFERS_H
#define SEGMEANS_KERNELS_BUFFERS_H

/* Take the buffer of an array, or none of None; its size must be as stated. */
static int take(PyObject *object, Py_buffer *view, size_t bytes, int writable)
{
    memset(view, 0, sizeof *view);
    if (object == Py_None) return 1;
    if (PyObject_GetBuffer(object, view, writable ? PyBUF_WRITABLE : PyBUF_SIMPLE)) return 0;
    if ((size_t)view->len >= bytes) return 1;
    PyErr_Format(PyExc_ValueError, "A buffer holds %zd bytes, needed: %zu", view->len, bytes);
    return 0;
}

static void release(Py_buffer *views, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (views[i].obj) PyBuffer_Release(&views[i]);
    }
}

/* rows, wide, n, d, origin, weights: the arguments that all functions over rows begin with. */
static int read_rows(PyObject *values, PyObject *origin, PyObject *weights, Rows *rows,
                     Py_buffer *views)
{
    const size_t item = rows->wide ? sizeof(double) : sizeof(float);
    if (!take(values, &views[0], rows->n * rows->d * item, 0) ||
        !take(origin, &views[1], rows->d * sizeof(double), 0) ||
        !take(weights, &views[2], rows->n * sizeof(double), 0)) {
        return 0;
    }
    rows->values = views[0].buf, rows->origin = views[1].buf, rows->weights = views[2].buf;
    return 1;
}

#endif
