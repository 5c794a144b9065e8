// A vector register with one network in each lane, in the compiler's portable vector types (GCC and Clang).
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#if defined(__AVX512F__)
constexpr int LANES = 16, REGISTERS = 32;
#elif defined(__AVX__)
constexpr int LANES = 8, REGISTERS = 16;
#elif defined(__aarch64__)
constexpr int LANES = 4, REGISTERS = 32;
#else
constexpr int LANES = 4, REGISTERS = 16;
#endif

template <int W> struct Vectors {
    typedef float Float __attribute__((vector_size(4 * W)));
    typedef float Unaligned __attribute__((vector_size(4 * W), aligned(4), may_alias));
    typedef int32_t Int __attribute__((vector_size(4 * W)));
};
typedef Vectors<LANES>::Float V;
typedef Vectors<LANES>::Int VInt;
typedef uint32_t VBits __attribute__((vector_size(4 * LANES)));
typedef int8_t VByte __attribute__((vector_size(LANES)));

inline V all(float value) { return value - V{}; }

// Keeps NaN.
inline V clamp(V x, float low, float high) {
    x = x < all(low) ? all(low) : x;
    return x > all(high) ? all(high) : x;
}

inline V root(V x) {
    V y;
    for (int lane = 0; lane < LANES; lane++) y[lane] = std::sqrt(x[lane]);
    return y;
}

// e^x for x in [-87, 88], clamped outside: Cephes' expf, 1.2e-7 relative.
inline V exponential(V x) {
    x = clamp(x, -87.f, 88.f);
    V shifted = x * 1.44269504f + 12582912.f;  // 1.5 · 2^23: the integer nearest x / ln 2 stands in the low bits
    V n = shifted - 12582912.f;
    V r = x - n * 0.693359375f + n * 2.12194440e-4f;
    V p = all(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.f;
    return (V)((VBits)p + ((VBits)shifted << 23));  // · 2^n
}

// Cephes' tanhf, 1.2e-7 absolute, and exactly ±1 where the rounded value is: a remainder of 1e-7 in 1 - h² would be
// a gradient where there is none, and Adam turns any gradient into a full step.
inline V hyperbolic_tangent(V x) {
    V size = (V)((VBits)x & 0x7fffffffu);
    V z = x * x;
    V p = all(-5.70498872745e-3f);
    p = p * z + 2.06390887954e-2f;
    p = p * z + -5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z + -3.33332819422e-1f;
    p = p * z * x + x;
    V large = 1.f - 2.f / (exponential(size + size) + 1.f);
    large = (V)((VBits)large | ((VBits)x & 0x80000000u));
    return size < all(0.625f) ? p : large;
}

// From START on, numbers of a and b by turns.
template <int START, int... I> inline V interleave(V a, V b, std::integer_sequence<int, I...>) {
#ifdef __clang__
    return __builtin_shufflevector(a, b, START + I / 2 + I % 2 * LANES...);
#else
    return __builtin_shuffle(a, b, VInt{START + I / 2 + I % 2 * LANES...});
#endif
}

// Numbers of a and b, at places known only at run time: one instruction of AVX-512. Only where there is one.
#if defined(__AVX512F__) && !defined(__clang__)
constexpr bool PERMUTES = true;
inline V permute(V a, V b, VInt places) { return __builtin_shuffle(a, b, places); }
#else
constexpr bool PERMUTES = false;
V permute(V a, V b, VInt places);  // never called
#endif

// LANES vectors of LANES numbers, rows become columns.
inline void transpose(V (&rows)[LANES]) {
    std::make_integer_sequence<int, LANES> lanes;
    for (int round = 1; round < LANES; round *= 2) {
        V next[LANES];
        for (int i = 0; i < LANES / 2; i++) {
            next[2 * i] = interleave<0>(rows[i], rows[i + LANES / 2], lanes);
            next[2 * i + 1] = interleave<LANES / 2>(rows[i], rows[i + LANES / 2], lanes);
        }
        memcpy(rows, next, sizeof rows);
    }
}
