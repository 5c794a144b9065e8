// The CUDA kernel as a program for a CPU, so that sanitizers watch it alone: trains a few networks for an epoch and
// evaluates them, on images of noise. Compiled with -Ihyperpipe/zoo/native/cuda.
#include <random>

#include "population.cu"

int main() {
    constexpr int NETWORKS = 2, COUNT = 30, BATCH = 12;
    std::mt19937 random;
    std::uniform_real_distribution<float> around(-0.2f, 0.2f);
    std::vector<Weights> weights(NETWORKS), first(NETWORKS), second(NETWORKS);
    std::vector<int32_t> places(SIZE), orders;
    hyperpipe_places(places.data());
    const int used = SIZE - INPUTS * TAPS * (WIDTH1 - CHANNELS1) - CHANNELS1 * TAPS * (WIDTH2 - CHANNELS2);
    for (Weights &w : weights)
        for (int i = 0; i < used; i++) ((float *)&w)[places[i]] = around(random);
    struct alignas(16) Pixels { uint8_t value[PIXELS]; };
    std::vector<Pixels> pixels(COUNT);
    std::vector<int64_t> labels(COUNT);
    for (Pixels &image : pixels)
        for (uint8_t &pixel : image.value) pixel = random();
    for (int64_t &label : labels) label = random() % CLASSES;
    for (int i = 0; i < NETWORKS * COUNT; i++) orders.push_back(i % COUNT);
    const std::vector<float> scale(INPUTS, 1 / 76.5f), shift(INPUTS, -1.7f);
    const double adam[] = {1e-3, 1e-2, 0.9, 0.999, 1e-8};
    double loss[NETWORKS], correct[NETWORKS];
    hyperpipe_train_epoch(weights.data(), first.data(), second.data(), NETWORKS, pixels[0].value, labels.data(),
                          scale.data(), shift.data(), orders.data(), COUNT, BATCH, adam, 0, loss, correct, nullptr);
    hyperpipe_evaluate(weights.data(), NETWORKS, pixels[0].value, labels.data(), scale.data(), shift.data(), COUNT,
                       loss, correct, nullptr);
    return loss[0] > 0 && loss[1] > 0 ? 0 : 1;
}
