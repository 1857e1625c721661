/* Vectors of one instruction set: included once per set, with ISA_* and SUFFIX defined.
 *
 * Plain arithmetic uses the vector extension of GCC and Clang; only what it cannot say (fused
 * multiply-add, minimum, masks) is spelt per instruction set. Contraction is off (see setup.py),
 * so that no product is fused unless VF_FNMA says so.
 */

#if defined(ISA_AVX512)
#define VL 16
#elif defined(ISA_AVX2)
#define VL 8
#else
#define VL 4
#endif
#define VD (VL / 2)

typedef float vf __attribute__((vector_size(VL * 4), may_alias));
typedef int32_t vi __attribute__((vector_size(VL * 4), may_alias));
typedef double vd __attribute__((vector_size(VL * 4), may_alias));
typedef int64_t vl __attribute__((vector_size(VL * 4), may_alias));
#define INLINE static inline __attribute__((always_inline))

INLINE vf vf_load(const float *from) { return *(const vf *)from; }
INLINE void vf_store(float *to, vf value) { *(vf *)to = value; }
INLINE vd vd_load(const double *from) { return *(const vd *)from; }
INLINE void vd_store(double *to, vd value) { *(vd *)to = value; }
INLINE vd vd_select(vl mask, vd yes, vd no)
{
    return (vd)((mask & (vl)yes) | (~mask & (vl)no));
}

#if defined(ISA_AVX512)
typedef __mmask16 mask_t;
INLINE vf vf_set(float value) { return (vf)_mm512_set1_ps(value); }
INLINE vi vi_set(int32_t value) { return (vi)_mm512_set1_epi32(value); }
INLINE vd vd_set(double value) { return (vd)_mm512_set1_pd(value); }
INLINE vf vf_fnma(vf a, vf b, vf c)
{
    return (vf)_mm512_fnmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
INLINE vf vf_min(vf a, vf b) { return (vf)_mm512_min_ps((__m512)a, (__m512)b); }
INLINE vf vf_max(vf a, vf b) { return (vf)_mm512_max_ps((__m512)a, (__m512)b); }
INLINE mask_t less(vf a, vf b)
{
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ);
}
INLINE int all_lanes(mask_t mask) { return mask == 0xFFFF; }
typedef __mmask8 lanes_t;
INLINE lanes_t vd_less(vd a, vd b)
{
    return _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_LT_OQ);
}
INLINE lanes_t vd_differs(vd a, vd b)
{
    return _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_NEQ_UQ);
}
INLINE lanes_t vd_reaches(vd a, vd b)
{
    return _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_GE_OQ);
}
INLINE uint32_t vd_bits(lanes_t mask) { return mask; }
INLINE vd vd_pick(lanes_t mask, vd yes, vd no)
{
    return (vd)_mm512_mask_mov_pd((__m512d)no, mask, (__m512d)yes);
}
INLINE vd vd_min(vd a, vd b) { return (vd)_mm512_min_pd((__m512d)a, (__m512d)b); }
INLINE vd vd_max(vd a, vd b) { return (vd)_mm512_max_pd((__m512d)a, (__m512d)b); }
INLINE vi vi_select(mask_t mask, vi yes, vi no)
{
    return (vi)_mm512_mask_mov_epi32((__m512i)no, mask, (__m512i)yes);
}
INLINE mask_t equals(vi a, vi b) { return _mm512_cmpeq_epi32_mask((__m512i)a, (__m512i)b); }
INLINE vf vf_sqrt(vf a) { return (vf)_mm512_sqrt_ps((__m512)a); }
INLINE float smallest(vf a) { return _mm512_reduce_min_ps((__m512)a); }
/* One over a, at most 2^-14 of it away. */
INLINE vf vf_reciprocal(vf a) { return (vf)_mm512_rcp14_ps((__m512)a); }
#else
typedef vi mask_t;
typedef vl lanes_t;
INLINE lanes_t vd_less(vd a, vd b) { return (vl)(a < b); }
INLINE lanes_t vd_differs(vd a, vd b) { return (vl)(a != b); }
INLINE lanes_t vd_reaches(vd a, vd b) { return (vl)(a >= b); }
INLINE uint32_t vd_bits(lanes_t mask)
{
    uint32_t bits = 0;
    for (int i = 0; i < VD; i++) bits |= (uint32_t)(mask[i] & 1) << i;
    return bits;
}
INLINE vd vd_pick(lanes_t mask, vd yes, vd no) { return vd_select(mask, yes, no); }
INLINE vd vd_min(vd a, vd b) { return vd_select((vl)(a < b), a, b); }
INLINE vd vd_max(vd a, vd b) { return vd_select((vl)(a < b), b, a); }
INLINE vf vf_set(float value)
{
    vf all;
    for (int i = 0; i < VL; i++) all[i] = value;
    return all;
}
INLINE vi vi_set(int32_t value)
{
    vi all;
    for (int i = 0; i < VL; i++) all[i] = value;
    return all;
}
INLINE vd vd_set(double value)
{
    vd all;
    for (int i = 0; i < VD; i++) all[i] = value;
    return all;
}
INLINE mask_t less(vf a, vf b) { return (vi)(a < b); }
INLINE vi vi_select(mask_t mask, vi yes, vi no) { return (mask & yes) | (~mask & no); }
INLINE mask_t equals(vi a, vi b) { return (vi)(a == b); }
INLINE int all_lanes(mask_t mask)
{
    int32_t together = -1;
    for (int i = 0; i < VL; i++) together &= mask[i];
    return together != 0;
}
INLINE float smallest(vf a)
{
    float least = a[0];
    for (int i = 1; i < VL; i++) least = a[i] < least ? a[i] : least;
    return least;
}
INLINE vf vf_reciprocal(vf a) { return vf_set(1.0f) / a; }
#if defined(ISA_AVX2)
INLINE vf vf_fnma(vf a, vf b, vf c)
{
    return (vf)_mm256_fnmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
INLINE vf vf_min(vf a, vf b) { return (vf)_mm256_min_ps((__m256)a, (__m256)b); }
INLINE vf vf_max(vf a, vf b) { return (vf)_mm256_max_ps((__m256)a, (__m256)b); }
INLINE vf vf_sqrt(vf a) { return (vf)_mm256_sqrt_ps((__m256)a); }
#elif defined(__aarch64__)
INLINE vf vf_fnma(vf a, vf b, vf c)
{
    return (vf)vfmsq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
INLINE vf vf_min(vf a, vf b) { return (vf)vminq_f32((float32x4_t)a, (float32x4_t)b); }
INLINE vf vf_max(vf a, vf b) { return (vf)vmaxq_f32((float32x4_t)a, (float32x4_t)b); }
#else
INLINE vf vf_fnma(vf a, vf b, vf c) { return c - a * b; }
INLINE vf vf_min(vf a, vf b)
{
    vi lower = (vi)(a < b);
    return (vf)((lower & (vi)a) | (~lower & (vi)b));
}
INLINE vf vf_max(vf a, vf b)
{
    vi lower = (vi)(a < b);
    return (vf)((lower & (vi)b) | (~lower & (vi)a));
}
#endif
#if !defined(ISA_AVX2)
INLINE vf vf_sqrt(vf a)
{
    for (int i = 0; i < VL; i++) a[i] = sqrtf(a[i]);
    return a;
}
#endif
#endif

INLINE vf vf_select(mask_t mask, vf yes, vf no) { return (vf)vi_select(mask, (vi)yes, (vi)no); }

/* Eight values at once, whatever the width of a vector. GCC 12 converts eight in two halves unless
 * told the instruction. */
typedef double wide8 __attribute__((vector_size(64), aligned(8), may_alias));
typedef float narrow8 __attribute__((vector_size(32), aligned(4), may_alias));
#if defined(ISA_AVX512)
INLINE wide8 widen8(narrow8 value) { return (wide8)_mm512_cvtps_pd((__m256)value); }
INLINE narrow8 narrow_8(wide8 value) { return (narrow8)_mm512_cvtpd_ps((__m512d)value); }
#else
INLINE wide8 widen8(narrow8 value) { return __builtin_convertvector(value, wide8); }
INLINE narrow8 narrow_8(wide8 value) { return __builtin_convertvector(value, narrow8); }
#endif

/* Rows and centres in the tile that stays in registers: rows in vectors, 32 rows in all. */
#if defined(ISA_AVX512)
#define TILE_ROWS 2
#define TILE_CENTRES 6
#elif defined(ISA_AVX2)
#define TILE_ROWS 2
#define TILE_CENTRES 5
#else
#define TILE_ROWS 4
#define TILE_CENTRES 2
#endif
