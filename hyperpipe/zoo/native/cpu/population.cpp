// The paper's training of LANES networks: batches in each network's own order, Adam. What Python calls stands below.
#include "../training.h"
#include "backward.h"
#include "forward.h"
#include <memory>

namespace {

struct Images : Data {
    void load(int64_t index, float *out) const {
        const uint8_t *in = pixels + index * (SIDE * SIDE * INPUTS);
        for (int i = 0; i < SIDE * SIDE; i++)
            for (int c = 0; c < INPUTS; c++) out[i * INPUTS + c] = in[i * INPUTS + c] * scale[c] + shift[c];
    }

    // Ahead of use: of tens of thousands of images in a random order hardly one is in a cache.
    void prefetch(int64_t index) const {
        const uint8_t *in = pixels + index * (SIDE * SIDE * INPUTS);
        for (int i = 0; i < SIDE * SIDE * INPUTS; i += 64) __builtin_prefetch(in + i);
    }
};

struct State {
    Weights<V> weights, first, second;
    int64_t steps;
};

// Gradient of the mean loss of a batch; indices [LANES][stride] of images.
void gradient(const Weights<V> &w, const Images &images, const int64_t *indices, int64_t stride, int64_t batch,
              Workspace &s, Weights<V> &g, double *loss, double *correct) {
    memset(&g, 0, sizeof g);
    memset(s.gradient1, 0, sizeof s.gradient1);
    memset(s.gradient2, 0, sizeof s.gradient2);
    memset(s.biases1, 0, sizeof s.biases1);
    deal_kernels(w.conv2, CHANNELS2, s.kernel2);
    for (int64_t b = 0; b < batch; b++) {
        int labels[LANES];
        for (int lane = 0; lane < LANES; lane++) {
            int64_t index = indices[lane * stride + b];
            images.load(index, s.pixels[lane]);
            labels[lane] = images.labels[index];
            if (b + 1 < batch) images.prefetch(indices[lane * stride + b + 1]);
        }
        collect<SIDE * SIDE * INPUTS>(s.pixels[0], sizeof s.pixels[0] / 4, s.image);
        V error[CLASSES];
        forward(w, Image<false>{s.image}, s);
        cross_entropy(s.logits, labels, 1.f / batch, error, loss, correct);
        backward_last(w, error, s, g);
        backward_first(s);
    }
    collect_kernels(s.gradient1, CHANNELS1, g.conv1);
    collect_kernels(s.gradient2, CHANNELS2, g.conv2);
    for (int o = 0; o < CHANNELS1; o++)
        for (int lane = 0; lane < LANES; lane++)
            for (int i = o; i < CHANNELS1 * LANES; i += CHANNELS1) g.bias1[o][lane] += ((float *)s.biases1[lane])[i];
}

// As torch.optim.Adam, weight decay coupled.
void update(State &state, const Weights<V> &gradients, const Adam &adam) {
    int64_t step = ++state.steps;
    float rate = adam.learning_rate / (1 - std::pow(adam.beta1, step)), epsilon = adam.epsilon;
    float root_correction = 1 / std::sqrt(1 - std::pow(adam.beta2, step));
    float beta2 = adam.beta2, rest1 = 1 - adam.beta1, rest2 = 1 - adam.beta2, decay = adam.weight_decay;
    V *w = (V *)&state.weights, *m = (V *)&state.first, *v = (V *)&state.second, *g = (V *)&gradients;
    for (int i = 0; i < SIZE; i++) {
        V gradient = decay ? g[i] + w[i] * decay : g[i];
        m[i] += (gradient - m[i]) * rest1;
        v[i] = v[i] * beta2 + gradient * gradient * rest2;
        w[i] -= rate * m[i] / (root(v[i]) * root_correction + epsilon);
    }
}

}  // namespace

// Groups of `hyperpipe_lanes()` networks; state: its weights, Adam's first and second moments, each float
// [SIZE][lane], then the steps done, int64. All sizes, indices and labels have been checked by the caller.
extern "C" {

int hyperpipe_lanes() { return LANES; }
int64_t hyperpipe_state_bytes() { return sizeof(State); }

void hyperpipe_train_epoch(void *state, const uint8_t *pixels, const int64_t *labels, const float *scale,
                           const float *shift, const int64_t *orders, int64_t count, int64_t batch_size,
                           const double *adam, double *loss, double *correct) {
    State &population = *(State *)state;
    auto workspace = std::make_unique<Workspace>();
    auto gradients = std::make_unique<Weights<V>>();
    for (int64_t start = 0; start < count; start += batch_size) {
        int64_t batch = count - start < batch_size ? count - start : batch_size;
        gradient(population.weights, {pixels, labels, scale, shift}, orders + start, count, batch, *workspace,
                 *gradients, loss, correct);
        update(population, *gradients, *(const Adam *)adam);
    }
}

void hyperpipe_gradient(const void *state, const uint8_t *pixels, const int64_t *labels, const float *scale,
                        const float *shift, const int64_t *indices, int64_t batch, void *out) {
    double loss[LANES] = {}, correct[LANES] = {};
    auto workspace = std::make_unique<Workspace>();
    auto gradients = std::make_unique<Weights<V>>();
    gradient(((const State *)state)->weights, {pixels, labels, scale, shift}, indices, batch, batch, *workspace,
             *gradients, loss, correct);
    memcpy(out, gradients.get(), sizeof *gradients);
}

void hyperpipe_evaluate(const void *state, const uint8_t *pixels, const int64_t *labels, const float *scale,
                        const float *shift, int64_t count, double *loss, double *correct) {
    Images images{pixels, labels, scale, shift};
    auto workspace = std::make_unique<Workspace>();
    for (int64_t i = 0; i < count; i++) {
        int label[LANES];
        for (int &entry : label) entry = images.labels[i];
        images.load(i, workspace->pixels[0]);
        V error[CLASSES];
        forward(((const State *)state)->weights, Image<true>{workspace->pixels[0]}, *workspace);
        cross_entropy(workspace->logits, label, 1, error, loss, correct);
    }
}

// For the benchmark: how fast this core multiplies and adds when nothing else is in the way. Returns the operations.
int64_t hyperpipe_peak(int64_t rounds) {
    constexpr int SUMS = REGISTERS == 32 ? 24 : 12;
    V sum[SUMS], factor = all(0.999f), more = all(0.001f);
    for (int i = 0; i < SUMS; i++) sum[i] = all(i);
    for (int64_t round = 0; round < rounds; round++)
#pragma GCC unroll 24
        for (int i = 0; i < SUMS; i++) sum[i] = sum[i] * factor + more;
    V total = {};
    for (int i = 0; i < SUMS; i++) total += sum[i];
    return rounds * SUMS * LANES * 2 + (total[0] < 0);  // never less: the sums have to be there
}

}  // extern "C"
