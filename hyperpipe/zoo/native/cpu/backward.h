// From the logits' error to the gradients of all weights; see network.h for the layout.
#pragma once
#include "exchange.h"

// From the logits' error to the gradients of all layers after the second pooling, and to s.t2.
inline void backward_last(const Weights<V> &w, const V *error, Workspace &s, Weights<V> &g) {
    V e4[HIDDEN] = {}, e3[FEATURES] = {};
    memset(s.t2, 0, sizeof s.t2);
    for (int o = 0; o < CLASSES; o++) {
        g.bias5[o] += error[o];
        for (int i = 0; i < HIDDEN; i++) {
            g.linear2[o][i] += error[o] * s.h4.value[i];
            e4[i] += error[o] * w.linear2[o][i];
        }
    }
    for (int o = 0; o < HIDDEN; o++) {
        V t = e4[o] * s.h4.slope_at(o);
        g.bias4[o] += t;
        for (int i = 0; i < FEATURES; i++) {
            g.linear1[o][i] += t * s.h3.value[i];
            e3[i] += t * w.linear1[o][i];
        }
    }
    for (int o = 0; o < CHANNELS3; o++)
        for (int p = 0; p < POINTS; p++) {
            V t = e3[o * POINTS + p] * s.h3.slope_at(o * POINTS + p);
            g.bias3[o] += t;
            for (int c = 0; c < CHANNELS2; c++)
                for (int k = 0; k < SMALL * SMALL; k++) {
                    int at = (p / SIDE3 + k / SMALL) * SIDE2 + p % SIDE3 + k % SMALL;
                    g.conv3[o][c][k] += t * s.h2.value[at * CHANNELS2 + c];
                    s.t2[at][c] += t * w.conv3[o][c][k];
                }
        }
    for (int o = 0; o < CHANNELS2; o++)
        for (int p = 0; p < SIDE2 * SIDE2; p++) {
            s.t2[p][o] *= s.h2.slope_at(p * CHANNELS2 + o);
            g.bias2[o] += s.t2[p][o];
        }
}

// Where in an image of this width and channels the chosen position of a pooling window begins.
template <int CI, int WIDTH> inline int corner(int point, int8_t chosen) {
    constexpr int POOLED = (WIDTH - KERNEL + 1) / 2;
    constexpr int within[4] = {0, CI, WIDTH * CI, WIDTH * CI + CI};
    return (point / POOLED * 2 * WIDTH + point % POOLED * 2) * CI + within[chosen];
}

// Gradient of a pooled convolution's kernels, one network: sum over pooling windows of error · chosen patch.
// error, chosen: of window p and output o at [(p · CO + o) · stride].
template <int CI, int WIDTH, int CO, int OB, int KB>
inline void kernel_gradient_block(const float *image, const float *error, int error_stride, const int8_t *chosen, int o,
                                  int ky, Rows<CI, CO> &gradient) {
    typedef Rows<CI, CO> R;
    constexpr int POOLED = (WIDTH - KERNEL + 1) / 2;
    typename R::Vector sum[OB][KB][R::VECTORS];
#pragma GCC unroll 8
    for (int i = 0; i < OB; i++)
#pragma GCC unroll 8
        for (int k = 0; k < KB; k++)
#pragma GCC unroll 32
            for (int v = 0; v < R::VECTORS; v++) sum[i][k][v] = gradient.row[o + i][ky + k][v];
    for (int p = 0; p < POOLED * POOLED; p++)
#pragma GCC unroll 8
        for (int i = 0; i < OB; i++) {
            const float t = error[(p * CO + o + i) * error_stride];
            const float *patch = image + corner<CI, WIDTH>(p, chosen[(p * CO + o + i) * LANES]) + ky * WIDTH * CI;
#pragma GCC unroll 8
            for (int k = 0; k < KB; k++)
#pragma GCC unroll 32
                for (int v = 0; v < R::VECTORS; v++)
                    sum[i][k][v] += t * *(const typename R::Unaligned *)(patch + k * WIDTH * CI + v * R::W);
        }
#pragma GCC unroll 8
    for (int i = 0; i < OB; i++)
#pragma GCC unroll 8
        for (int k = 0; k < KB; k++)
#pragma GCC unroll 32
            for (int v = 0; v < R::VECTORS; v++) gradient.row[o + i][ky + k][v] = sum[i][k][v];
}

// The same for OB outputs and all rows of their kernels; as many sums at a time as there are registers for.
template <int CI, int WIDTH, int CO, int OB, int KB>
inline void kernel_gradient_of(const float *image, const float *error, int error_stride, const int8_t *chosen, int o,
                               Rows<CI, CO> &gradient) {
    constexpr int REST = KERNEL % KB;
    for (int ky = 0; ky + KB <= KERNEL; ky += KB)
        kernel_gradient_block<CI, WIDTH, CO, OB, KB>(image, error, error_stride, chosen, o, ky, gradient);
    if constexpr (REST > 0)
        kernel_gradient_block<CI, WIDTH, CO, OB, REST>(image, error, error_stride, chosen, o, KERNEL - REST, gradient);
}

template <int CI, int WIDTH, int CO>
inline void kernel_gradient(const float *image, const float *error, int error_stride, const int8_t *chosen,
                            Rows<CI, CO> &gradient) {
    constexpr int SUMS = REGISTERS == 32 ? 20 : 10, ROW = Rows<CI, CO>::VECTORS;
    constexpr int KB = within(SUMS / ROW, 1, KERNEL), OB = within(SUMS / (KB * ROW), 1, 4), REST = CO % OB;
    for (int o = 0; o + OB <= CO; o += OB)
        kernel_gradient_of<CI, WIDTH, CO, OB, KB>(image, error, error_stride, chosen, o, gradient);
    if constexpr (REST > 0)
        kernel_gradient_of<CI, WIDTH, CO, REST, KB>(image, error, error_stride, chosen, CO - REST, gradient);
}

// The same for an image of one channel, where vectors can be permuted: the neighbourhood of a pooling window is loaded
// once, as three vectors of two rows of eight pixels, and every output takes its patch from there.
constexpr struct Places {
    alignas(64) int32_t halves[16] = {0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23};
    int32_t of[4][2][16] = {};  // by chosen position: FIRST taps from rows 0-3, the others from rows 2-5
    constexpr Places() {
        constexpr int FIRST = Packed<1>::FIRST;
        for (int q = 0; q < 4; q++)
            for (int tap = 0; tap < TAPS; tap++) {
                int y = q / 2 + tap / KERNEL, x = q % 2 + tap % KERNEL;
                of[q][tap >= FIRST][tap % FIRST] = (tap < FIRST ? y : y - 2) * 8 + x;
            }
    }
} places;

template <int WIDTH, int CO, int OB>
inline void packed_gradient_block(const float *image, const float *error, const int8_t *chosen, int o,
                                  Packed<CO> &gradient) {
    typedef Vectors<LANES>::Unaligned Unaligned;
    constexpr int POOLED = (WIDTH - KERNEL + 1) / 2;
    const VInt halves = *(const VInt *)places.halves;
    V sum[OB][2];
#pragma GCC unroll 8
    for (int i = 0; i < OB; i++)
#pragma GCC unroll 2
        for (int k = 0; k < 2; k++) sum[i][k] = gradient.part[o + i][k];
    for (int p = 0; p < POOLED * POOLED; p++) {
        const float *pixels = image + corner<1, WIDTH>(p, 0);
        V rows[3];
#pragma GCC unroll 3
        for (int k = 0; k < 3; k++, pixels += 2 * WIDTH)
            rows[k] = permute(*(const Unaligned *)pixels, *(const Unaligned *)(pixels + WIDTH), halves);
#pragma GCC unroll 8
        for (int i = 0; i < OB; i++) {
            const float t = error[p * CO + o + i];
            const auto &at = places.of[chosen[(p * CO + o + i) * LANES]];
#pragma GCC unroll 2
            for (int k = 0; k < 2; k++) sum[i][k] += t * permute(rows[k], rows[k + 1], *(const VInt *)at[k]);
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < OB; i++)
#pragma GCC unroll 2
        for (int k = 0; k < 2; k++) gradient.part[o + i][k] = sum[i][k];
}

template <int CI, int WIDTH, int CO>
inline void kernel_gradient(const float *image, const float *error, int, const int8_t *chosen, Packed<CO> &gradient) {
    static_assert(CI == 1 && LANES == 16);
    constexpr int OB = block(CO, 8), REST = CO % OB;
    for (int o = 0; o + OB <= CO; o += OB) packed_gradient_block<WIDTH, CO, OB>(image, error, chosen, o, gradient);
    if constexpr (REST > 0) packed_gradient_block<WIDTH, CO, REST>(image, error, chosen, CO - REST, gradient);
}

// Error of a pooled convolution's input, one network: every chosen position adds error · kernel to its patch. Rows of
// the window's neighbourhood stay in registers, as many as there is room for, while all outputs add to them.
template <int CI, int WIDTH, int CO>
inline void scatter_errors(const float *error, const int8_t *chosen, const Framed<CI, CO> &kernel, float *out) {
    typedef Framed<CI, CO> K;
    typedef typename K::Unaligned Unaligned;
    constexpr int POOLED = (WIDTH - KERNEL + 1) / 2, ROOM = (REGISTERS == 32 ? 24 : 12) / K::VECTORS;
    constexpr int RB = ROOM >= 6 ? 6 : within(ROOM, 1, 3);
    static_assert(K::SPAN % RB == 0);
    for (int p = 0; p < POOLED * POOLED; p++)
        for (int ky = 0; ky < K::SPAN; ky += RB) {
            float *patch = out + corner<CI, WIDTH>(p, 0) + ky * WIDTH * CI;
            typename K::Vector sum[RB][K::VECTORS];
#pragma GCC unroll 8
            for (int k = 0; k < RB; k++)
#pragma GCC unroll 32
                for (int v = 0; v < K::VECTORS; v++)
                    sum[k][v] = *(const Unaligned *)(patch + k * WIDTH * CI + v * K::W);
            for (int o = 0; o < CO; o++) {
                const float t = error[(p * CO + o) * LANES];
                const float *row = kernel.row[o * K::SPAN + ky] + K::start[chosen[(p * CO + o) * LANES]];
#pragma GCC unroll 8
                for (int k = 0; k < RB; k++)
#pragma GCC unroll 32
                    for (int v = 0; v < K::VECTORS; v++)
                        sum[k][v] += t * *(const Unaligned *)(row + k * K::STRIDE + v * K::W);
            }
#pragma GCC unroll 8
            for (int k = 0; k < RB; k++)
#pragma GCC unroll 32
                for (int v = 0; v < K::VECTORS; v++)
                    *(Unaligned *)(patch + k * WIDTH * CI + v * K::W) = sum[k][v];
        }
}

// Both pooled convolutions, from s.t2.
inline void backward_first(Workspace &s) {
    constexpr int COUNT = SIDE1 * SIDE1 * CHANNELS1;
    deal<COUNT>(s.h1.value, s.activations[0], sizeof s.activations[0] / 4);
    if constexpr (KEEPS_SLOPE) deal<COUNT>(s.h1.kept, s.slopes[0], COUNT);
    for (int lane = 0; lane < LANES; lane++) {
        const float *h1 = s.activations[lane], *t2 = (const float *)s.t2 + lane;
        const int8_t *chosen1 = (const int8_t *)s.chosen1 + lane, *chosen2 = (const int8_t *)s.chosen2 + lane;
        kernel_gradient<CHANNELS1, SIDE1, CHANNELS2>(h1, t2, LANES, chosen2, s.gradient2[lane]);
        memset(s.errors, 0, sizeof s.errors);
        scatter_errors<CHANNELS1, SIDE1>(t2, chosen2, s.kernel2[lane], s.errors);
        static_assert(SIDE1 * SIDE1 % LANES == 0, "vectors make up whole rounds of the channels");
        for (int round = 0; round < SIDE1 * SIDE1 / LANES; round++)
            for (int o = 0; o < CHANNELS1; o++) {
                const int i = (round * CHANNELS1 + o) * LANES;
                V *errors = (V *)(s.errors + i);
                if constexpr (KEEPS_SLOPE) *errors *= *(const V *)(s.slopes[lane] + i);
                else *errors *= slope(*(const V *)(h1 + i));
                s.biases1[lane][o] += *errors;
            }
        kernel_gradient<INPUTS, SIDE, CHANNELS1>(s.pixels[lane], s.errors, 1, chosen1, s.gradient1[lane]);
    }
}
