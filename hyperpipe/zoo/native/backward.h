// From the logits' error to the gradients of all weights; see network.h for the layout.
#pragma once
#include "network.h"

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

// Error of the second convolution's input, one network: every chosen position adds error · kernel to its patch.
inline void scatter_errors(const float *error, const int8_t *chosen, const Rows2 &kernel, float *out) {
    for (int o = 0; o < CHANNELS2; o++)
        for (int p = 0; p < SIDE2 * SIDE2; p++) {
            const float t = error[(p * CHANNELS2 + o) * LANES];
            float *patch = out + corner<CHANNELS1, SIDE1>(p, chosen[(p * CHANNELS2 + o) * LANES]);
            for (int ky = 0; ky < KERNEL; ky++)
#pragma GCC unroll 32
                for (int v = 0; v < Rows2::VECTORS; v++)
                    *(Rows2::Unaligned *)(patch + ky * SIDE1 * CHANNELS1 + v * Rows2::W) += t * kernel.row[o][ky][v];
        }
}

// By lane to network by network: in [count][lane] → out [lane][stride].
inline void deal(const V *in, int count, float *out, int stride) {
    int i = 0;
    for (; i + LANES <= count; i += LANES) {
        V block[LANES];
        memcpy(block, in + i, sizeof block);
        transpose(block);
        for (int lane = 0; lane < LANES; lane++) memcpy(out + lane * stride + i, &block[lane], sizeof(V));
    }
    for (; i < count; i++)
        for (int lane = 0; lane < LANES; lane++) out[lane * stride + i] = in[i][lane];
}

// Both pooled convolutions, from s.t2.
inline void backward_first(Workspace &s) {
    constexpr int STRIDE = sizeof s.activations[0] / 4;
    deal(s.h1.value, SIDE1 * SIDE1 * CHANNELS1, s.activations[0], STRIDE);
    if constexpr (KEEPS_SLOPE) deal(s.h1.kept, SIDE1 * SIDE1 * CHANNELS1, s.slopes[0], SIDE1 * SIDE1 * CHANNELS1);
    for (int lane = 0; lane < LANES; lane++) {
        const float *h1 = s.activations[lane], *t2 = (const float *)s.t2 + lane;
        const int8_t *chosen1 = (const int8_t *)s.chosen1 + lane, *chosen2 = (const int8_t *)s.chosen2 + lane;
        kernel_gradient<CHANNELS1, SIDE1, CHANNELS2>(h1, t2, LANES, chosen2, s.gradient2[lane]);
        memset(s.errors, 0, sizeof s.errors);
        scatter_errors(t2, chosen2, s.kernel2[lane], s.errors);
        for (int p = 0; p < SIDE1 * SIDE1; p++)
            for (int o = 0; o < CHANNELS1; o++) {
                const int i = p * CHANNELS1 + o;
                s.errors[i] *= KEEPS_SLOPE ? s.slopes[KEEPS_SLOPE ? lane : 0][i] : slope(h1[i]);
                s.biases1[lane][o] += s.errors[i];
            }
        kernel_gradient<INPUTS, SIDE, CHANNELS1>(s.pixels[lane], s.errors, 1, chosen1, s.gradient1[lane]);
    }
}
