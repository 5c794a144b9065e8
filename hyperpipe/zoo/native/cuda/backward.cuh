// From the logits' error to the gradients of all weights; see network.cuh for the layout.
#pragma once
#include "forward.cuh"

// One warp, one image: from g.e5 to the errors before all activations but the first.
DEVICE void backward_last(const Weights &w, Image &g, int lane) {
    for (int i = lane; i < HIDDEN; i += WARP) {
        float sum = 0;
        for (int o = 0; o < CLASSES; o++) sum += g.e5[o] * w.linear2[o][i];
        g.e4[i] = sum * g.h4.slope(i);
    }
    __syncwarp();
    for (int i = lane; i < FEATURES; i += WARP) {
        float sum = 0;
        for (int o = 0; o < HIDDEN; o++) sum += g.e4[o] * w.linear1[o][i];
        g.e3[i] = sum * g.h3.slope(i);
    }
    __syncwarp();
    for (int i = lane; i < CHANNELS2 * H2; i += WARP) {
        const int c = i / H2, y = i % H2 / SIDE2, x = i % SIDE2;
        float sum = 0;
        for (int o = 0; o < CHANNELS3; o++)
            for (int k = 0; k < SMALL * SMALL; k++) {
                const int y3 = y - k / SMALL, x3 = x - k % SMALL;
                if (y3 >= 0 && y3 < SIDE3 && x3 >= 0 && x3 < SIDE3)
                    sum += g.e3[o * POINTS + y3 * SIDE3 + x3] * w.conv3[o][c][k];
            }
        g.e2[i] = sum * g.h2.slope(i);
    }
}

// Where in a plane of this width the chosen position of a pooling window begins.
template <int WIDTH> DEVICE int corner(int window, int chosen) {
    constexpr int POOLED = (WIDTH - KERNEL + 1) / 2;
    return (window / POOLED * 2 + chosen / 2) * WIDTH + window % POOLED * 2 + chosen % 2;
}

// One warp, one image: the first layer's errors before its activation, in the place of its activations. Every chosen
// window of the second convolution adds error · kernel to its patch; a lane has taps of all channels to itself.
DEVICE void backward_first(const Weights &w, Image &g, int lane) {
    constexpr int COUNT = CHANNELS1 * H1, EACH = (COUNT + WARP - 1) / WARP;
    float slopes[EACH];
#pragma unroll
    for (int k = 0; k < EACH; k++) {
        const int i = lane + WARP * k;
        if (i < COUNT) slopes[k] = g.h1.slope(i), g.h1.value[i] = 0;
    }
    __syncwarp();
    for (int o = 0; o < CHANNELS2; o++)
        for (int window = 0; window < H2; window++) {
            const float error = g.e2[o * H2 + window];
            const int start = corner<SIDE1>(window, g.chosen2[o * H2 + window]);
            for (int i = lane; i < CHANNELS1 * TAPS; i += WARP) {
                const int at = start + i / TAPS * H1 + i % TAPS / KERNEL * SIDE1 + i % KERNEL;
                g.h1.value[at] += error * w.conv2[i][o];
            }
            __syncwarp();
        }
#pragma unroll
    for (int k = 0; k < EACH; k++) {
        const int i = lane + WARP * k;
        if (i < COUNT) g.h1.value[i] *= slopes[k];
    }
}

// The block: of all layers but the first, from the errors of `count` images.
DEVICE void add_gradients_last(Shared &s, int count, int t) {
    Weights &g = s.gradients;
    for (int item = t; item < CHANNELS2 * CHANNELS1 * KERNEL; item += THREADS) {  // a row of a kernel
        const int o = item / (CHANNELS1 * KERNEL), c = item / KERNEL % CHANNELS1, ky = item % KERNEL;
        float sum[KERNEL] = {};
        for (int b = 0; b < count; b++) {
            const Image &image = s.images[b];
            for (int window = 0; window < H2; window++) {
                const float error = image.e2[o * H2 + window];
                const int start = corner<SIDE1>(window, image.chosen2[o * H2 + window]) + c * H1 + ky * SIDE1;
#pragma unroll
                for (int kx = 0; kx < KERNEL; kx++) sum[kx] += error * image.h1.value[start + kx];
            }
        }
#pragma unroll
        for (int kx = 0; kx < KERNEL; kx++) g.conv2[c * TAPS + ky * KERNEL + kx][o] += sum[kx];
    }
    for (int item = t; item < CHANNELS3 * CHANNELS2 * SMALL * SMALL; item += THREADS) {
        const int o = item / (CHANNELS2 * SMALL * SMALL), c = item / (SMALL * SMALL) % CHANNELS2;
        const int k = item % (SMALL * SMALL), start = c * H2 + k / SMALL * SIDE2 + k % SMALL;
        float sum = 0;
        for (int b = 0; b < count; b++)
            for (int p = 0; p < POINTS; p++)
                sum += s.images[b].e3[o * POINTS + p] * s.images[b].h2.value[start + p / SIDE3 * SIDE2 + p % SIDE3];
        g.conv3[o][c][k] += sum;
    }
    for (int item = t; item < HIDDEN * FEATURES; item += THREADS) {
        float sum = 0;
        for (int b = 0; b < count; b++) sum += s.images[b].e4[item / FEATURES] * s.images[b].h3.value[item % FEATURES];
        g.linear1[item / FEATURES][item % FEATURES] += sum;
    }
    for (int item = t; item < CLASSES * HIDDEN; item += THREADS) {
        float sum = 0;
        for (int b = 0; b < count; b++) sum += s.images[b].e5[item / HIDDEN] * s.images[b].h4.value[item % HIDDEN];
        g.linear2[item / HIDDEN][item % HIDDEN] += sum;
    }
    // Biases, the last threads first: the first ones had more to do.
    const int last = THREADS - 1 - t;
    for (int o = last; o < CHANNELS2 + CHANNELS3 + HIDDEN + CLASSES; o += THREADS) {
        float sum = 0;
        int unit = o;
        if (unit < CHANNELS2) {
            for (int b = 0; b < count; b++)
                for (int p = 0; p < H2; p++) sum += s.images[b].e2[unit * H2 + p];
            g.bias2[unit] += sum;
        } else if ((unit -= CHANNELS2) < CHANNELS3) {
            for (int b = 0; b < count; b++)
                for (int p = 0; p < POINTS; p++) sum += s.images[b].e3[unit * POINTS + p];
            g.bias3[unit] += sum;
        } else if ((unit -= CHANNELS3) < HIDDEN) {
            for (int b = 0; b < count; b++) sum += s.images[b].e4[unit];
            g.bias4[unit] += sum;
        } else {
            unit -= HIDDEN;
            for (int b = 0; b < count; b++) sum += s.images[b].e5[unit];
            g.bias5[unit] += sum;
        }
    }
}

// The block: of the first layer, in two steps with a barrier between them.
DEVICE void sum_slices(Shared &s, const float *scale, const float *shift, int count, int t) {
    for (int item = t; item < SLICES * ROWS1; item += THREADS) {
        const int slice = item / ROWS1, o = item / (INPUTS * KERNEL) % CHANNELS1, ky = item % KERNEL;
        const int c = item / KERNEL % INPUTS, rows = count * SIDE1;
        float sum[KERNEL] = {}, errors = 0;
        for (int row = slice * rows / SLICES; row < (slice + 1) * rows / SLICES; row++) {
            const Image &image = s.images[row / SIDE1];
            for (int px = 0; px < SIDE1; px++) {
                const int window = row % SIDE1 * SIDE1 + px;
                const float error = image.h1.value[o * H1 + window];
                const int start = corner<SIDE>(window, image.chosen1[o * H1 + window]) + ky * SIDE;
                errors += error;
#pragma unroll
                for (int kx = 0; kx < KERNEL; kx++) sum[kx] += error * image.pixels[(start + kx) * INPUTS + c];
            }
        }
#pragma unroll
        for (int kx = 0; kx < KERNEL; kx++)  // of pixels as networks see them
            s.partial[slice][o][c * TAPS + ky * KERNEL + kx] = sum[kx] * scale[c] + errors * shift[c];
    }
}
DEVICE void add_gradients_first(Shared &s, int count, int t) {
    for (int item = t; item < CHANNELS1 * INPUTS * TAPS; item += THREADS) {
        const int o = item / (INPUTS * TAPS), k = item % (INPUTS * TAPS);
        float sum = 0;
        for (int slice = 0; slice < SLICES; slice++) sum += s.partial[slice][o][k];
        s.gradients.conv1[k][o] += sum;
    }
    for (int o = THREADS - 1 - t; o < CHANNELS1; o += THREADS) {
        float sum = 0;
        for (int b = 0; b < count; b++)
            for (int p = 0; p < H1; p++) sum += s.images[b].h1.value[o * H1 + p];
        s.gradients.bias1[o] += sum;
    }
}
