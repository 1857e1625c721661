/* Tasks 0..count-1 over a few threads, taken as they come. Results must not depend on the order. */
#ifndef SEGMEANS_KERNELS_THREADS_H
#define SEGMEANS_KERNELS_THREADS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

typedef struct {
    atomic_size_t next;
    size_t count;
    void (*task)(void *context, size_t task, size_t thread);
    void *context;
} Tasks;

typedef struct {
    Tasks *tasks;
    size_t thread;
} Worker;

static void *work(void *argument)
{
    Worker *worker = argument;
    Tasks *tasks = worker->tasks;
    for (;;) {
        size_t task = atomic_fetch_add(&tasks->next, 1);
        if (task >= tasks->count) return NULL;
        tasks->task(tasks->context, task, worker->thread);
    }
}

/* A thread that cannot be started leaves its share to the others. */
static void parallel(size_t count, size_t threads, void *context,
                     void (*task)(void *context, size_t task, size_t thread))
{
    Tasks tasks = {0, count, task, context};
    size_t started = 0, more = threads > 1 ? threads - 1 : 0;
    pthread_t *handles = more ? malloc(more * sizeof *handles) : NULL;
    Worker *workers = more ? malloc(more * sizeof *workers) : NULL;
    Worker own = {&tasks, 0};
    for (size_t t = 0; handles && workers && t < more; t++) {
        workers[t] = (Worker){&tasks, t + 1};
        if (pthread_create(&handles[started], NULL, work, &workers[t]) == 0) started++;
    }
    work(&own);
    for (size_t t = 0; t < started; t++) pthread_join(handles[t], NULL);
    free(handles), free(workers);
}

#endif
