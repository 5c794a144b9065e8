// The paper's training of a population on a GPU, a block of threads for each network: batches in each network's own
// order, Adam; an epoch is one launch. What Python calls stands below. Also compiles for a CPU, see block.h.
#include "../training.h"
#include "backward.cuh"

// By one warp; the rows of 16 bytes are what a lane loads at once.
DEVICE void load(const Data &data, int64_t index, Image &image, int lane) {
    struct alignas(16) Piece {
        int32_t part[4];
    };
    static_assert(PIXELS % sizeof(Piece) == 0);
    const Piece *from = (const Piece *)(data.pixels + index * PIXELS);
    for (int i = lane; i < PIXELS / (int)sizeof(Piece); i += WARP) ((Piece *)image.pixels)[i] = from[i];
    __syncwarp();
}

// Adds to s.gradients that of scale · the losses of `count` images, the parts that fit one after the other; to loss and
// correct what this warp saw.
DEVICE void add_gradients(Shared &s, const Data &data, const int32_t *indices, int count, float scale, double *loss,
                          double *correct) {
    const int t = threadIdx.x, warp = t / WARP, lane = t % WARP;
    for (int start = 0; start < count; start += IMAGES) {
        const int part = count - start < IMAGES ? count - start : IMAGES;
        if (warp < part) {
            Image &g = s.images[warp];
            const int64_t index = indices[start + warp];
            const int label = data.labels[index];
            load(data, index, g, lane);
            forward(s.weights, data.scale, data.shift, g, lane);
            const Prediction p = predict(g, label);
            *loss += log((double)p.sum) - (g.e5[label] - p.largest);
            *correct += p.right;
            __syncwarp();
            for (int o = lane; o < CLASSES; o += WARP)
                g.e5[o] = (expf(g.e5[o] - p.largest) / p.sum - (label == o ? 1.f : 0.f)) * scale;
            __syncwarp();
            backward_last(s.weights, g, lane);
        }
        __syncthreads();
        add_gradients_last(s, part, t);
        __syncthreads();
        if (warp < part) backward_first(s.weights, s.images[warp], lane);
        __syncthreads();
        sum_slices(s, data.scale, data.shift, part, t);
        __syncthreads();
        add_gradients_first(s, part, t);
        __syncthreads();
    }
}

DEVICE void fill(float *to, const float *from, int t) {
    for (int i = t; i < SIZE; i += THREADS) to[i] = from ? from[i] : 0.f;
    __syncthreads();
}

// An epoch; loss, correct [network]: sums over its images as they were met.
LAUNCHED(THREADS, BLOCKS_AT_ONCE)
train(Weights *weights, Weights *first, Weights *second, Data data, const int32_t *orders, int64_t count, int64_t batch,
      Adam adam, int64_t steps, double *loss, double *correct) {
    Shared &s = shared<Shared>();
    const int t = threadIdx.x, network = blockIdx.x;
    float *w = (float *)&s.weights, *g = (float *)&s.gradients;
    float *m = (float *)&first[network], *v = (float *)&second[network];
    double losses = 0, hits = 0, power1 = pow(adam.beta1, (double)steps), power2 = pow(adam.beta2, (double)steps);
    const float beta2 = adam.beta2, rest1 = 1 - adam.beta1, rest2 = 1 - adam.beta2, epsilon = adam.epsilon;
    const float decay = adam.weight_decay;
    fill(g, nullptr, t);
    fill(w, (const float *)&weights[network], t);
    for (int64_t start = 0; start < count; start += batch) {
        const int size = count - start < batch ? count - start : batch;
        add_gradients(s, data, orders + network * count + start, size, 1.f / size, &losses, &hits);
        power1 *= adam.beta1, power2 *= adam.beta2;
        const float rate = adam.learning_rate / (1 - power1), correction = 1 / sqrt(1 - power2);
        for (int i = t; i < SIZE; i += THREADS) {  // as torch.optim.Adam, weight decay coupled
            const float gradient = decay ? g[i] + w[i] * decay : g[i];
            g[i] = 0;
            m[i] += (gradient - m[i]) * rest1;
            v[i] = v[i] * beta2 + gradient * gradient * rest2;
            w[i] -= rate * m[i] / (sqrtf(v[i]) * correction + epsilon);
        }
        __syncthreads();
    }
    for (int i = t; i < SIZE; i += THREADS) ((float *)&weights[network])[i] = w[i];
    if (t % WARP == 0) s.loss[t / WARP] = losses, s.correct[t / WARP] = hits;
    __syncthreads();
    if (t == 0) {
        loss[network] = correct[network] = 0;
        for (int warp = 0; warp < WARPS; warp++) loss[network] += s.loss[warp], correct[network] += s.correct[warp];
    }
}

// The gradient of the mean loss of one batch; indices [network][batch].
LAUNCHED(THREADS, BLOCKS_AT_ONCE)
gradient(const Weights *weights, Data data, const int32_t *indices, int64_t batch, Weights *out) {
    Shared &s = shared<Shared>();
    const int t = threadIdx.x, network = blockIdx.x;
    double loss = 0, correct = 0;
    fill((float *)&s.gradients, nullptr, t);
    fill((float *)&s.weights, (const float *)&weights[network], t);
    add_gradients(s, data, indices + network * batch, batch, 1.f / batch, &loss, &correct);
    for (int i = t; i < SIZE; i += THREADS) ((float *)&out[network])[i] = ((float *)&s.gradients)[i];
}

// Images [chunk · PART, (chunk + 1) · PART) by block (network, chunk); loss, correct [chunk][network].
constexpr int PART = 1000;
LAUNCHED(THREADS, BLOCKS_AT_ONCE)
evaluate(const Weights *weights, Data data, int64_t count, int networks, double *loss, double *correct) {
    Shared &s = shared<Shared>();
    const int t = threadIdx.x, warp = t / WARP, lane = t % WARP;
    const int network = blockIdx.x % networks, chunk = blockIdx.x / networks;
    double losses = 0, hits = 0;
    fill((float *)&s.weights, (const float *)&weights[network], t);
    const int64_t end = (chunk + 1) * (int64_t)PART < count ? (chunk + 1) * (int64_t)PART : count;
    if (warp < IMAGES)
        for (int64_t i = chunk * (int64_t)PART + warp; i < end; i += IMAGES < WARPS ? IMAGES : WARPS) {
            Image &g = s.images[warp];
            const int label = data.labels[i];
            load(data, i, g, lane);
            forward(s.weights, data.scale, data.shift, g, lane);
            const Prediction p = predict(g, label);
            losses += log((double)p.sum) - (g.e5[label] - p.largest);
            hits += p.right;
        }
    if (lane == 0) s.loss[warp] = losses, s.correct[warp] = hits;
    __syncthreads();
    if (t == 0) {
        loss[blockIdx.x] = correct[blockIdx.x] = 0;
        for (int i = 0; i < WARPS; i++) loss[blockIdx.x] += s.loss[i], correct[blockIdx.x] += s.correct[i];
    }
}

// Pointers are the device's, but `adam` and `places`; `stream` is torch's. What launches returns CUDA's error code.
extern "C" {

int hyperpipe_size() { return SIZE; }
int hyperpipe_part() { return PART; }
const char *hyperpipe_error(int code) { return message(code); }

// Where weight i of the flat vector stands among the SIZE numbers here.
void hyperpipe_places(int32_t *places) {
    static const Weights all = {};
    const float *first = &all.conv1[0][0];
    auto put = [&](const float &weight) { *places++ = &weight - first; };
    for (int o = 0; o < CHANNELS1; o++)
        for (int i = 0; i < INPUTS * TAPS; i++) put(all.conv1[i][o]);
    for (const float &weight : all.bias1) put(weight);
    for (int o = 0; o < CHANNELS2; o++)
        for (int i = 0; i < CHANNELS1 * TAPS; i++) put(all.conv2[i][o]);
    for (const float &weight : all.bias2) put(weight);
    for (const float *weight = &all.conv3[0][0][0]; weight < first + SIZE; weight++) put(*weight);
}

int hyperpipe_train_epoch(Weights *weights, Weights *first, Weights *second, int64_t networks, const uint8_t *pixels,
                          const int64_t *labels, const float *scale, const float *shift, const int32_t *orders,
                          int64_t count, int64_t batch, const double *adam, int64_t steps, double *loss,
                          double *correct, void *stream) {
    return launch(train, networks, THREADS, sizeof(Shared), stream, weights, first, second,
                  Data{pixels, labels, scale, shift}, orders, count, batch, *(const Adam *)adam, steps, loss, correct);
}

int hyperpipe_gradient(const Weights *weights, int64_t networks, const uint8_t *pixels, const int64_t *labels,
                       const float *scale, const float *shift, const int32_t *indices, int64_t batch, Weights *out,
                       void *stream) {
    return launch(gradient, networks, THREADS, sizeof(Shared), stream, weights, Data{pixels, labels, scale, shift},
                  indices, batch, out);
}

int hyperpipe_evaluate(const Weights *weights, int64_t networks, const uint8_t *pixels, const int64_t *labels,
                       const float *scale, const float *shift, int64_t count, double *loss, double *correct,
                       void *stream) {
    return launch(evaluate, networks * ((count + PART - 1) / PART), THREADS, sizeof(Shared), stream, weights,
                  Data{pixels, labels, scale, shift}, count, (int)networks, loss, correct);
}

}  // extern "C"
