// Loss and gradient of LANES networks of one architecture, each on an image of its own.
//
// The forward pass keeps a network in each lane. A convolution that is pooled holds the four positions of a pooling
// window and a few outputs in registers, so that each weight serves four products and each input several. Pooling
// comes before the activation: one activation for four positions.
//
// Of a pooling window one position has a gradient, another one in each network. So the two pooled convolutions go
// backward network by network, over that position alone, a quarter of the products. The vector then runs over a row
// of the kernel: images lie channel last, there it is K · C numbers in a row.
//
// Arrays are named as [index][index]…, last index fastest; "lane" last means one vector.
#pragma once
#include "lanes.h"

constexpr int SIDE = 28, KERNEL = 5, SMALL = 2, SIDE1 = (SIDE - KERNEL + 1) / 2, SIDE2 = (SIDE1 - KERNEL + 1) / 2;
constexpr int SIDE3 = SIDE2 - SMALL + 1, POINTS = SIDE3 * SIDE3, FEATURES = POINTS * CHANNELS3;
constexpr int TAPS = KERNEL * KERNEL;

constexpr int rounded(int n, int step) { return (n + step - 1) / step * step; }
constexpr int within(int n, int least, int most) { return n < least ? least : n > most ? most : n; }

// The weights of a network in the order of the flat vector, or their gradients; T is V or float.
template <class T> struct Weights {
    T conv1[CHANNELS1][INPUTS][TAPS], bias1[CHANNELS1];
    T conv2[CHANNELS2][CHANNELS1][TAPS], bias2[CHANNELS2];
    T conv3[CHANNELS3][CHANNELS2][SMALL * SMALL], bias3[CHANNELS3];
    T linear1[HIDDEN][FEATURES], bias4[HIDDEN];
    T linear2[CLASSES][HIDDEN], bias5[CLASSES];
};
constexpr int SIZE = sizeof(Weights<float>) / 4;

// The kernels of a convolution as rows over (kx, channel), filled up to whole vectors of W numbers.
template <int CI, int CO> struct Rows {
    static constexpr int LENGTH = KERNEL * CI, W = LENGTH <= 4 ? 4 : LENGTH <= 8 && LANES > 8 ? 8 : LANES;
    static constexpr int VECTORS = rounded(LENGTH, W) / W;
    typedef typename Vectors<W>::Float Vector;
    typedef typename Vectors<W>::Unaligned Unaligned;
    Vector row[CO][KERNEL][VECTORS];

    float &at(int o, int c, int tap) { return ((float *)row[o][tap / KERNEL])[tap % KERNEL * CI + c]; }
};
typedef Rows<INPUTS, CHANNELS1> Rows1;
typedef Rows<CHANNELS1, CHANNELS2> Rows2;
constexpr int SLACK = 2 * LANES;  // a row's last vector reads, and writes zeros, past the end

struct alignas(64) Workspace {
    // By lane.
    V image[SIDE * SIDE * INPUTS];
    V h1[SIDE1 * SIDE1][CHANNELS1], h2[SIDE2 * SIDE2][CHANNELS2], h3[FEATURES], h4[HIDDEN], logits[CLASSES];
    V t2[SIDE2 * SIDE2][CHANNELS2];  // gradients before the activation
    VByte chosen1[SIDE1 * SIDE1][CHANNELS1], chosen2[SIDE2 * SIDE2][CHANNELS2];
    V windows[SIDE1][CHANNELS1 > CHANNELS2 ? CHANNELS1 : CHANNELS2][4];
    // Network by network.
    alignas(64) float pixels[LANES][SIDE * SIDE * INPUTS + SLACK];
    alignas(64) float activations[LANES][rounded(SIDE1 * SIDE1 * CHANNELS1 + SLACK, 16)];
    alignas(64) float errors[rounded(SIDE1 * SIDE1 * CHANNELS1 + SLACK, 16)];
    Rows2 kernel2[LANES];
    Rows1 gradient1[LANES];
    Rows2 gradient2[LANES];
    float biases1[LANES][CHANNELS1];
};

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
template <int CI, int WIDTH, int CO, class In>
inline void convolve_pool(const In &in, const V (*w)[CI][TAPS], const V *bias, V (*windows)[CO][4], V (*out)[CO],
                          VByte (*chosen)[CO]) {
    constexpr int POOLED = (WIDTH - KERNEL + 1) / 2, MOST = REGISTERS == 32 ? 4 : 2;
    constexpr int BLOCKS = (CO + MOST - 1) / MOST, OB = (CO + BLOCKS - 1) / BLOCKS, REST = CO % OB;
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
                out[py * POOLED + px][o] = activation(best);
                chosen[py * POOLED + px][o] = __builtin_convertvector(which, VByte);
            }
    }
}

template <bool SHARED> inline void forward(const Weights<V> &w, Image<SHARED> image, Workspace &s) {
    convolve_pool<INPUTS, SIDE, CHANNELS1>(image, w.conv1, w.bias1, (V(*)[CHANNELS1][4])s.windows, s.h1, s.chosen1);
    Image<false> h1{&s.h1[0][0]};
    convolve_pool<CHANNELS1, SIDE1, CHANNELS2>(h1, w.conv2, w.bias2, (V(*)[CHANNELS2][4])s.windows, s.h2, s.chosen2);
    for (int o = 0; o < CHANNELS3; o++)
        for (int p = 0; p < POINTS; p++) {
            V sum = w.bias3[o];
            for (int c = 0; c < CHANNELS2; c++)
                for (int k = 0; k < SMALL * SMALL; k++)
                    sum += w.conv3[o][c][k] * s.h2[(p / SIDE3 + k / SMALL) * SIDE2 + p % SIDE3 + k % SMALL][c];
            s.h3[o * POINTS + p] = activation(sum);
        }
    for (int o = 0; o < HIDDEN; o++) {
        V sum = w.bias4[o];
        for (int i = 0; i < FEATURES; i++) sum += w.linear1[o][i] * s.h3[i];
        s.h4[o] = activation(sum);
    }
    for (int o = 0; o < CLASSES; o++) {
        V sum = w.bias5[o];
        for (int i = 0; i < HIDDEN; i++) sum += w.linear2[o][i] * s.h4[i];
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

// From the logits' error to the gradients of all layers after the second pooling, and to s.t2.
inline void backward_last(const Weights<V> &w, const V *error, Workspace &s, Weights<V> &g) {
    V e4[HIDDEN] = {}, e3[FEATURES] = {};
    memset(s.t2, 0, sizeof s.t2);
    for (int o = 0; o < CLASSES; o++) {
        g.bias5[o] += error[o];
        for (int i = 0; i < HIDDEN; i++) {
            g.linear2[o][i] += error[o] * s.h4[i];
            e4[i] += error[o] * w.linear2[o][i];
        }
    }
    for (int o = 0; o < HIDDEN; o++) {
        V t = e4[o] * slope(s.h4[o]);
        g.bias4[o] += t;
        for (int i = 0; i < FEATURES; i++) {
            g.linear1[o][i] += t * s.h3[i];
            e3[i] += t * w.linear1[o][i];
        }
    }
    for (int o = 0; o < CHANNELS3; o++)
        for (int p = 0; p < POINTS; p++) {
            V t = e3[o * POINTS + p] * slope(s.h3[o * POINTS + p]);
            g.bias3[o] += t;
            for (int c = 0; c < CHANNELS2; c++)
                for (int k = 0; k < SMALL * SMALL; k++) {
                    int at = (p / SIDE3 + k / SMALL) * SIDE2 + p % SIDE3 + k % SMALL;
                    g.conv3[o][c][k] += t * s.h2[at][c];
                    s.t2[at][c] += t * w.conv3[o][c][k];
                }
        }
    for (int o = 0; o < CHANNELS2; o++)
        for (int p = 0; p < SIDE2 * SIDE2; p++) {
            s.t2[p][o] *= slope(s.h2[p][o]);
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
    deal(&s.h1[0][0], SIDE1 * SIDE1 * CHANNELS1, s.activations[0], STRIDE);
    for (int lane = 0; lane < LANES; lane++) {
        const float *h1 = s.activations[lane], *t2 = (const float *)s.t2 + lane;
        const int8_t *chosen1 = (const int8_t *)s.chosen1 + lane, *chosen2 = (const int8_t *)s.chosen2 + lane;
        kernel_gradient<CHANNELS1, SIDE1, CHANNELS2>(h1, t2, LANES, chosen2, s.gradient2[lane]);
        memset(s.errors, 0, sizeof s.errors);
        scatter_errors(t2, chosen2, s.kernel2[lane], s.errors);
        for (int p = 0; p < SIDE1 * SIDE1; p++)
            for (int o = 0; o < CHANNELS1; o++) {
                float t = s.errors[p * CHANNELS1 + o] * slope(h1[p * CHANNELS1 + o]);
                s.errors[p * CHANNELS1 + o] = t;
                s.biases1[lane][o] += t;
            }
        kernel_gradient<INPUTS, SIDE, CHANNELS1>(s.pixels[lane], s.errors, 1, chosen1, s.gradient1[lane]);
    }
}
