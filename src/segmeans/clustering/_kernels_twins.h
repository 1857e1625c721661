/* The same code for each instruction set, and the choice among them at run time. */
#ifndef SEGMEANS_KERNELS_TWINS_H
#define SEGMEANS_KERNELS_TWINS_H

#include "_kernels_common.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#if defined(__clang__)
#define TARGET_BEGIN(clang_list, gcc_list) _Pragma(clang_list)
#define TARGET_END _Pragma("clang attribute pop")
#else
#define TARGET_BEGIN(clang_list, gcc_list) _Pragma("GCC push_options") _Pragma(gcc_list)
#define TARGET_END _Pragma("GCC pop_options")
#endif

#if defined(__x86_64__)
TARGET_BEGIN("clang attribute push(__attribute__((target(\"avx512f,avx512dq,avx512vl,avx512bw,avx2,fma\"))), apply_to = function)",
             "GCC target(\"avx512f,avx512dq,avx512vl,avx512bw,avx2,fma,prefer-vector-width=512\")")
#define ISA_AVX512
#define ISA_NAME "AVX-512"
#define SUFFIX avx512
#include "_kernels_body.h"
#undef ISA_AVX512
TARGET_END

TARGET_BEGIN("clang attribute push(__attribute__((target(\"avx2,fma\"))), apply_to = function)",
             "GCC target(\"avx2,fma\")")
#define ISA_AVX2
#define ISA_NAME "AVX2"
#define SUFFIX avx2
#include "_kernels_body.h"
#undef ISA_AVX2
TARGET_END
#endif

#if defined(__aarch64__)
#define ISA_NAME "NEON"
#else
#define ISA_NAME "baseline"
#endif
#define SUFFIX baseline
#include "_kernels_body.h"

/* The twins that this processor can run, best first; returns how many. */
static size_t usable_twins(const Twin **twins)
{
    size_t count = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("fma")) {
        twins[count++] = &twin_avx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        twins[count++] = &twin_avx2;
    }
#endif
    twins[count++] = &twin_baseline;
    return count;
}

#endif
