// From images to logits and the loss; see network.h for the layout.
#pragma once
#include "network.h"

template <bool SHARED> struct Image;
template <> struct Image<true> {  // the same one for all
    const float *pixels;
    V at(int i) const { return all(pixels[i]); }
};
template <> struct Image<false> {
    const V *pixels;
    V at(int i) const { return pixels[i]; }
};

// OB outputs of one row of pooling windows, from output o on, input channel c.
template <int CI, int WIDTH, int CO, int OB, class In>
inline void convolve_row(const In &in, const V (*w)[CI][TAPS], const V *bias, int py, int c, int o,
                         V (*windows)[CO][4]) {
    constexpr int POOLED = (WIDTH - KERNEL + 1) / 2;
    for (int px = 0; px < POOLED; px++) {
        V sum[OB][4];
#pragma GCC unroll 8
        for (int i = 0; i < OB; i++)
#pragma GCC unroll 4
            for (int q = 0; q < 4; q++) sum[i][q] = c ? windows[px][o + i][q] : bias[o + i];
        for (int ky = 0; ky < KERNEL; ky++)
#pragma GCC unroll 5
            for (int kx = 0; kx < KERNEL; kx++) {
                int corner = ((2 * py + ky) * WIDTH + 2 * px + kx) * CI + c;
                V x0 = in.at(corner), x1 = in.at(corner + CI);
                V x2 = in.at(corner + WIDTH * CI), x3 = in.at(corner + WIDTH * CI + CI);
#pragma GCC unroll 8
                for (int i = 0; i < OB; i++) {
                    V k = w[o + i][c][ky * KERNEL + kx];
                    sum[i][0] += k * x0;
                    sum[i][1] += k * x1;
                    sum[i][2] += k * x2;
                    sum[i][3] += k * x3;
                }
            }
#pragma GCC unroll 8
        for (int i = 0; i < OB; i++)
#pragma GCC unroll 4
            for (int q = 0; q < 4; q++) windows[px][o + i][q] = sum[i][q];
    }
}

// Convolution, max-pooling, activation: out [POOLED · POOLED][CO], and which of the four positions was the largest.
template <int CI, int WIDTH, int CO, class In, class Out>
inline void convolve_pool(const In &in, const V (*w)[CI][TAPS], const V *bias, V (*windows)[CO][4], Out &out,
                          VByte (*chosen)[CO]) {
    constexpr int POOLED = (WIDTH - KERNEL + 1) / 2, OB = block(CO, REGISTERS == 32 ? 4 : 2), REST = CO % OB;
    for (int py = 0; py < POOLED; py++) {
        for (int c = 0; c < CI; c++) {
            for (int o = 0; o + OB <= CO; o += OB) convolve_row<CI, WIDTH, CO, OB>(in, w, bias, py, c, o, windows);
            if constexpr (REST > 0) convolve_row<CI, WIDTH, CO, REST>(in, w, bias, py, c, CO - REST, windows);
        }
        for (int px = 0; px < POOLED; px++)
            for (int o = 0; o < CO; o++) {
                V *window = windows[px][o], best = window[0];
                VInt which = {};
                for (int q = 1; q < 4; q++) {
                    VInt larger = (window[q] > best) | (window[q] != window[q]);  // a NaN stays
                    best = larger ? window[q] : best;
                    which = larger ? q - VInt{} : which;
                }
                out.set((py * POOLED + px) * CO + o, best);
                chosen[py * POOLED + px][o] = __builtin_convertvector(which, VByte);
            }
    }
}

template <bool SHARED> inline void forward(const Weights<V> &w, Image<SHARED> image, Workspace &s) {
    convolve_pool<INPUTS, SIDE, CHANNELS1>(image, w.conv1, w.bias1, (V(*)[CHANNELS1][4])s.windows, s.h1, s.chosen1);
    Image<false> h1{s.h1.value};
    convolve_pool<CHANNELS1, SIDE1, CHANNELS2>(h1, w.conv2, w.bias2, (V(*)[CHANNELS2][4])s.windows, s.h2, s.chosen2);
    for (int o = 0; o < CHANNELS3; o++)
        for (int p = 0; p < POINTS; p++) {
            V sum = w.bias3[o];
            for (int c = 0; c < CHANNELS2; c++)
                for (int k = 0; k < SMALL * SMALL; k++) {
                    int at = (p / SIDE3 + k / SMALL) * SIDE2 + p % SIDE3 + k % SMALL;
                    sum += w.conv3[o][c][k] * s.h2.value[at * CHANNELS2 + c];
                }
            s.h3.set(o * POINTS + p, sum);
        }
    for (int o = 0; o < HIDDEN; o++) {
        V sum = w.bias4[o];
        for (int i = 0; i < FEATURES; i++) sum += w.linear1[o][i] * s.h3.value[i];
        s.h4.set(o, sum);
    }
    for (int o = 0; o < CLASSES; o++) {
        V sum = w.bias5[o];
        for (int i = 0; i < HIDDEN; i++) sum += w.linear2[o][i] * s.h4.value[i];
        s.logits[o] = sum;
    }
}

// Adds this image's loss and 1 for a right prediction; leaves in `error` the gradient of scale · loss by the logits.
// A network with a NaN among its logits is wrong. Of equal logits the first is the prediction.
inline void cross_entropy(const V *logits, const int *labels, float scale, V *error, double *loss, double *correct) {
    V best = logits[0], sum = {};
    VInt label, predicted = {}, broken = logits[0] != logits[0];
    memcpy(&label, labels, sizeof label);
    for (int o = 1; o < CLASSES; o++) {
        VInt larger = logits[o] > best;
        best = larger ? logits[o] : best;
        predicted = larger ? o - VInt{} : predicted;
        broken |= logits[o] != logits[o];
    }
    V right = {};
    for (int o = 0; o < CLASSES; o++) {
        error[o] = exponential(logits[o] - best);
        sum += error[o];
        right = label == o ? logits[o] - best : right;
    }
    for (int o = 0; o < CLASSES; o++) error[o] = (error[o] / sum - (label == o ? all(1.f) : V{})) * scale;
    VInt hit = (predicted == label) & ~broken;
    for (int lane = 0; lane < LANES; lane++) {
        loss[lane] += std::log((double)sum[lane]) - right[lane];
        correct[lane] -= hit[lane];
    }
}
