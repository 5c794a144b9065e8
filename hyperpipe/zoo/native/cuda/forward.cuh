// From an image to logits and their error, by one warp; see network.cuh for the layout.
#pragma once
#include "network.cuh"

struct Pixels {
    const uint8_t *pixels;
    const float *scale, *shift;
    DEVICE float at(int c, int y, int x) const { return pixels[(y * SIDE + x) * INPUTS + c] * scale[c] + shift[c]; }
};
template <int WIDTH> struct Planes {
    const float *values;
    DEVICE float at(int c, int y, int x) const { return values[(c * WIDTH + y) * WIDTH + x]; }
};

// Convolution, max-pooling, activation; a lane works on a window for OB outputs.
template <int CI, int WIDTH, int CO, int OB, class In, class Out>
DEVICE void convolve_pool(const In &in, const float (*weights)[rounded(CO, OB)], const float *bias, Out &out,
                          uint8_t *chosen, int lane) {
    constexpr int POOLED = (WIDTH - KERNEL + 1) / 2, WINDOWS = POOLED * POOLED, ITEMS = WINDOWS * ((CO + OB - 1) / OB);
    for (int item = lane; item < ITEMS; item += WARP) {
        const int window = item % WINDOWS, o = item / WINDOWS * OB;
        float sum[OB][4];
#pragma unroll
        for (int i = 0; i < OB; i++)
#pragma unroll
            for (int q = 0; q < 4; q++) sum[i][q] = o + i < CO ? bias[o + i] : 0.f;
        for (int c = 0; c < CI; c++) {
            float patch[KERNEL + 1][KERNEL + 1];
#pragma unroll
            for (int y = 0; y <= KERNEL; y++)
#pragma unroll
                for (int x = 0; x <= KERNEL; x++)
                    patch[y][x] = in.at(c, window / POOLED * 2 + y, window % POOLED * 2 + x);
#pragma unroll
            for (int tap = 0; tap < TAPS; tap++)
#pragma unroll
                for (int i = 0; i < OB; i++) {
                    const float w = weights[c * TAPS + tap][o + i];
#pragma unroll
                    for (int q = 0; q < 4; q++) sum[i][q] += w * patch[tap / KERNEL + q / 2][tap % KERNEL + q % 2];
                }
        }
#pragma unroll
        for (int i = 0; i < OB; i++) {
            if (o + i >= CO) break;
            float best = sum[i][0];
            int which = 0;
#pragma unroll
            for (int q = 1; q < 4; q++)
                if (sum[i][q] > best || sum[i][q] != sum[i][q]) best = sum[i][q], which = q;  // a NaN stays
            out.set((o + i) * WINDOWS + window, best);
            chosen[(o + i) * WINDOWS + window] = which;
        }
    }
}

DEVICE void forward(const Weights &w, const float *scale, const float *shift, Image &g, int lane) {
    convolve_pool<INPUTS, SIDE, CHANNELS1, OB1>(Pixels{g.pixels, scale, shift}, w.conv1, w.bias1, g.h1, g.chosen1, lane);
    __syncwarp();
    convolve_pool<CHANNELS1, SIDE1, CHANNELS2, OB2>(Planes<SIDE1>{g.h1.value}, w.conv2, w.bias2, g.h2, g.chosen2, lane);
    __syncwarp();
    for (int i = lane; i < FEATURES; i += WARP) {
        const int o = i / POINTS, y = i % POINTS / SIDE3, x = i % SIDE3;
        float sum = w.bias3[o];
        for (int c = 0; c < CHANNELS2; c++)
            for (int k = 0; k < SMALL * SMALL; k++)
                sum += w.conv3[o][c][k] * g.h2.value[c * H2 + (y + k / SMALL) * SIDE2 + x + k % SMALL];
        g.h3.set(i, sum);
    }
    __syncwarp();
    for (int o = lane; o < HIDDEN; o += WARP) {
        float sum = w.bias4[o];
        for (int i = 0; i < FEATURES; i++) sum += w.linear1[o][i] * g.h3.value[i];
        g.h4.set(o, sum);
    }
    __syncwarp();
    for (int o = lane; o < CLASSES; o += WARP) {
        float sum = w.bias5[o];
        for (int i = 0; i < HIDDEN; i++) sum += w.linear2[o][i] * g.h4.value[i];
        g.e5[o] = sum;
    }
    __syncwarp();
}

// Of the logits in g.e5: their largest, the sum of e^(logit - largest), and whether the prediction is right. All lanes
// compute the same. A network with a NaN among its logits is wrong; of equal logits the first is the prediction.
struct Prediction {
    float largest, sum;
    bool right;
};
DEVICE Prediction predict(const Image &g, int label) {
    Prediction p = {g.e5[0], 0.f, false};
    int predicted = 0;
    bool broken = g.e5[0] != g.e5[0];
    for (int o = 1; o < CLASSES; o++) {
        if (g.e5[o] > p.largest) p.largest = g.e5[o], predicted = o;
        broken |= g.e5[o] != g.e5[o];
    }
    for (int o = 0; o < CLASSES; o++) p.sum += expf(g.e5[o] - p.largest);
    p.right = predicted == label && !broken;
    return p;
}
