// Between "by lane" and "network by network"; see network.h.
#pragma once
#include "network.h"

// By lane to network by network: in [COUNT][lane] → out [lane][stride].
template <int COUNT> inline void deal(const V *in, float *out, int stride) {
    static_assert(COUNT % LANES == 0);
    for (int i = 0; i < COUNT; i += LANES) {
        V block[LANES];
        memcpy(block, in + i, sizeof block);
        transpose(block);
        for (int lane = 0; lane < LANES; lane++) memcpy(out + lane * stride + i, &block[lane], sizeof(V));
    }
}

// Network by network to by lane: in [lane][stride] → out [COUNT][lane].
template <int COUNT> inline void collect(const float *in, int stride, V *out) {
    static_assert(COUNT >= LANES);
    for (int i = 0; i < COUNT; i += LANES) {
        V block[LANES];
        int start = i + LANES <= COUNT ? i : COUNT - LANES;
        for (int lane = 0; lane < LANES; lane++) memcpy(&block[lane], in + lane * stride + start, sizeof(V));
        transpose(block);
        memcpy(out + start, block, sizeof block);
    }
}

// The kernels of a convolution to K's order, with zeros where it has no weight; kernels [LANES].
template <class K, int CI> inline void deal_kernels(const V (*weights)[CI][TAPS], int outputs, K *kernels) {
    V ordered[K::SIZE] = {};
    for (int o = 0; o < outputs; o++) {
        for (int c = 0; c < CI; c++)
            for (int tap = 0; tap < TAPS; tap++) ordered[K::place(c, tap)] = weights[o][c][tap];
        deal<K::SIZE>(ordered, kernels->of(o), sizeof(K) / 4);
    }
}

// And back.
template <class K, int CI> inline void collect_kernels(K *kernels, int outputs, V (*weights)[CI][TAPS]) {
    V ordered[K::SIZE];
    for (int o = 0; o < outputs; o++) {
        collect<K::SIZE>(kernels->of(o), sizeof(K) / 4, ordered);
        for (int c = 0; c < CI; c++)
            for (int tap = 0; tap < TAPS; tap++) weights[o][c][tap] = ordered[K::place(c, tap)];
    }
}
