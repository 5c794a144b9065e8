rule figure_learning:
    """An autoencoder's training."""
    input:
        history="results/hyperreps/{zoo}/{autoencoder}/history.parquet",
        reconstructions="results/hyperreps/{zoo}/{autoencoder}/reconstructions.parquet",
    output:
        png="results/hyperreps/{zoo}/{autoencoder}/learning.png",
        svg="results/hyperreps/{zoo}/{autoencoder}/learning.svg",
        png_record="results/hyperreps/{zoo}/{autoencoder}/learning.png.prov.json",
        svg_record="results/hyperreps/{zoo}/{autoencoder}/learning.svg.prov.json",
    log:
        "results/logs/figure_learning/{zoo}/{autoencoder}.log",
    benchmark:
        "results/benchmarks/figure_learning/{zoo}/{autoencoder}.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        config=figure_learning_config,
        code=code_id("hyperpipe.stages.figure_learning"),
    shell:
        "python -m hyperpipe figure-learning --config {params.config:q}"
        " --history-path {input.history:q} --reconstructions-path {input.reconstructions:q}"
        " --png-output {output.png:q} --svg-output {output.svg:q} 2>&1 | tee {log:q}"


rule figure_weights:
    """The paper's Figure 2: weights by layer and accuracies, as they are and reconstructed."""
    input:
        zoo="results/zoos/{zoo}/zoo.h5",
        rows="results/rows/{zoo}.parquet",
        hyperreps=expand(
            "results/hyperreps/{{zoo}}/{autoencoder}/hyperrep.h5", autoencoder=OF_PAPER
        ),
        reconstructions=expand(
            "results/hyperreps/{{zoo}}/{autoencoder}/reconstructions.parquet",
            autoencoder=OF_PAPER,
        ),
    output:
        png="results/figures/{zoo}/weights.png",
        svg="results/figures/{zoo}/weights.svg",
        png_record="results/figures/{zoo}/weights.png.prov.json",
        svg_record="results/figures/{zoo}/weights.svg.prov.json",
    log:
        "results/logs/figure_weights/{zoo}.log",
    benchmark:
        "results/benchmarks/figure_weights/{zoo}.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=reading_megabytes,
        runtime=60,
    params:
        config=figure_config,
        code=code_id("hyperpipe.stages.figure_weights"),
    shell:
        "python -m hyperpipe figure-weights --config {params.config:q} --threads {threads}"
        " --zoo-path {input.zoo:q} --rows-path {input.rows:q} --hyperrep-paths '{input.hyperreps}'"
        " --reconstructions-paths '{input.reconstructions}'"
        " --png-output {output.png:q} --svg-output {output.svg:q} 2>&1 | tee {log:q}"


rule figure_curves:
    """Learning curves of the populations of a zoo, on its images and on those that they are transferred to."""
    input:
        accuracies="results/accuracies.parquet",
    output:
        png="results/figures/{zoo}/curves.png",
        svg="results/figures/{zoo}/curves.svg",
        png_record="results/figures/{zoo}/curves.png.prov.json",
        svg_record="results/figures/{zoo}/curves.svg.prov.json",
    log:
        "results/logs/figure_curves/{zoo}.log",
    benchmark:
        "results/benchmarks/figure_curves/{zoo}.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        config=figure_config,
        code=code_id("hyperpipe.stages.figure_curves"),
    shell:
        "python -m hyperpipe figure-curves --config {params.config:q}"
        " --accuracies-path {input.accuracies:q}"
        " --png-output {output.png:q} --svg-output {output.svg:q} 2>&1 | tee {log:q}"


rule figure_novelty:
    """Accuracy against novelty of the populations of a zoo."""
    input:
        accuracies="results/accuracies.parquet",
        novelty="results/novelty/{zoo}.parquet",
    output:
        png="results/figures/{zoo}/novelty.png",
        svg="results/figures/{zoo}/novelty.svg",
        png_record="results/figures/{zoo}/novelty.png.prov.json",
        svg_record="results/figures/{zoo}/novelty.svg.prov.json",
    log:
        "results/logs/figure_novelty/{zoo}.log",
    benchmark:
        "results/benchmarks/figure_novelty/{zoo}.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        config=figure_config,
        code=code_id("hyperpipe.stages.figure_novelty"),
    shell:
        "python -m hyperpipe figure-novelty --config {params.config:q}"
        " --accuracies-path {input.accuracies:q} --novelty-path {input.novelty:q}"
        " --png-output {output.png:q} --svg-output {output.svg:q} 2>&1 | tee {log:q}"


rule figure_latents:
    """A map of a zoo's latents, with populations in it."""
    input:
        hyperrep="results/hyperreps/{zoo}/lwln/hyperrep.h5",
        embeddings="results/hyperreps/{zoo}/lwln/embeddings.h5",
        metrics="results/zoos/{zoo}/metrics.parquet",
        populations=expand(
            "results/populations/{{zoo}}/{name}.h5", name=("S_KDE30", "controls")
        ),
    output:
        png="results/figures/{zoo}/latents.png",
        svg="results/figures/{zoo}/latents.svg",
        png_record="results/figures/{zoo}/latents.png.prov.json",
        svg_record="results/figures/{zoo}/latents.svg.prov.json",
    log:
        "results/logs/figure_latents/{zoo}.log",
    benchmark:
        "results/benchmarks/figure_latents/{zoo}.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=reading_megabytes,
        runtime=60,
    params:
        config=figure_config,
        code=code_id("hyperpipe.stages.figure_latents"),
    shell:
        "python -m hyperpipe figure-latents --config {params.config:q} --threads {threads}"
        " --hyperrep-path {input.hyperrep:q} --embeddings-path {input.embeddings:q}"
        " --metrics-path {input.metrics:q} --population-paths '{input.populations}'"
        " --png-output {output.png:q} --svg-output {output.svg:q} 2>&1 | tee {log:q}"
