// The activation of the networks, and its slope.
#pragma once
#include "lanes.h"

#if defined(ACTIVATION_TANH)

constexpr bool KEEPS_SLOPE = false;  // it follows from the activation's own value
inline V activation(V x, V *) { return hyperbolic_tangent(x); }
template <class T> inline T slope(T h) { return 1 - h * h; }

#elif defined(ACTIVATION_RELU)

constexpr bool KEEPS_SLOPE = false;
inline V activation(V x, V *) { return x < all(0) ? all(0) : x; }  // a NaN stays
inline V slope(V h) { return h <= all(0) ? all(0) : all(1); }
inline float slope(float h) { return h <= 0 ? 0.f : 1.f; }

#elif defined(ACTIVATION_GELU)

// x · Φ(x), the exact one. Its slope Φ(x) + x · φ(x) comes almost free with it and not from its value.
constexpr bool KEEPS_SLOPE = true;
inline V activation(V x, V *slope) {
    V square = x * x;
    V bell = square > all(170.f) ? all(0) : exponential(-0.5f * square);
    // 1 - Φ(|x|) = t · p(t) · e^(-x² / 2), the polynomial fitted to 1e-8; float32 rounds to some 3e-8.
    V size = (V)((VBits)x & 0x7fffffffu), t = 1.f / (1.f + 0.28f * size);
    V p = all(-0.10580907f);
    p = p * t + 0.38987741f;
    p = p * t - 0.236999f;
    p = p * t + 0.26891463f;
    p = p * t + 0.06749496f;
    p = p * t + 0.11652106f;
    V tail = p * t * bell, below = x < all(0) ? tail : 1.f - tail;
    *slope = below + x * bell * 0.39894228f;
    return x * below;
}
template <class T> T slope(T h);  // never called

#else
#error "ACTIVATION_TANH, ACTIVATION_RELU or ACTIVATION_GELU must be defined"
#endif

// COUNT activations, by lane, and of GELU their slopes.
template <int COUNT> struct Activations {
    V value[COUNT], kept[KEEPS_SLOPE ? COUNT : 1];

    void set(int i, V before) { value[i] = activation(before, kept + (KEEPS_SLOPE ? i : 0)); }
    V slope_at(int i) const {
        if constexpr (KEEPS_SLOPE) return kept[i];
        else return slope(value[i]);
    }
};
