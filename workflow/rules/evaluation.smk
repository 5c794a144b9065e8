rule finetune:
    """The populations of a store, fine-tuned on the images of a target zoo."""
    input:
        population="results/populations/{zoo}/{population}.h5",
        images=images_of_target,
    output:
        table="results/evaluations/{zoo}/{population}/{target}.parquet",
        table_record="results/evaluations/{zoo}/{population}/{target}.parquet.prov.json",
    log:
        "results/logs/evaluations/{zoo}/{population}/{target}.log",
    benchmark:
        "results/benchmarks/finetune/{zoo}/{population}/{target}.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=finetune_minutes,
        gpu=gpus,
    params:
        config=finetune_config,
        code=code_id("hyperpipe.stages.finetune"),
    shell:
        "python -m hyperpipe finetune --config {params.config:q} --threads {threads}"
        " --population-path {input.population:q} --images-path {input.images:q}"
        " --table-output {output.table:q} 2>&1 | tee {log:q}"


rule reconstructions:
    """Accuracies of a zoo's networks, and of what an autoencoder makes of them."""
    input:
        hyperrep="results/hyperreps/{zoo}/{autoencoder}/hyperrep.h5",
        zoo=networks_of_autoencoder,
        rows="results/rows/{zoo}.parquet",
        images=images_of_zoo,
    output:
        table="results/hyperreps/{zoo}/{autoencoder}/reconstructions.parquet",
        table_record="results/hyperreps/{zoo}/{autoencoder}/reconstructions.parquet.prov.json",
    log:
        "results/logs/reconstructions/{zoo}/{autoencoder}.log",
    benchmark:
        "results/benchmarks/reconstructions/{zoo}/{autoencoder}.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=reading_megabytes,
        runtime=60,
        gpu=gpus,
    params:
        config=reconstructions_config,
        code=code_id("hyperpipe.stages.reconstructions"),
    shell:
        "python -m hyperpipe reconstructions --config {params.config:q} --threads {threads}"
        " --hyperrep-path {input.hyperrep:q} --zoo-path {input.zoo:q} --rows-path {input.rows:q}"
        " --images-path {input.images:q} --table-output {output.table:q} 2>&1 | tee {log:q}"


rule novelty:
    """How near the networks of every population of a zoo are to those that the zoo's autoencoders learnt of."""
    input:
        populations=populations_of_zoo,
        hyperreps=hyperreps_of_zoo("hyperrep.h5"),
        embeddings=hyperreps_of_zoo("embeddings.h5"),
        zoo="results/zoos/{zoo}/zoo.h5",
        rows="results/rows/{zoo}.parquet",
        images=images_of_zoo,
    output:
        table="results/novelty/{zoo}.parquet",
        table_record="results/novelty/{zoo}.parquet.prov.json",
    log:
        "results/logs/novelty/{zoo}.log",
    benchmark:
        "results/benchmarks/novelty/{zoo}.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=reading_megabytes,
        runtime=novelty_minutes,
    params:
        config=novelty_config,
        code=code_id("hyperpipe.stages.novelty"),
    shell:
        "python -m hyperpipe novelty --config {params.config:q} --threads {threads}"
        " --population-paths '{input.populations}' --hyperrep-paths '{input.hyperreps}'"
        " --embeddings-paths '{input.embeddings}' --zoo-path {input.zoo:q} --rows-path {input.rows:q}"
        " --images-path {input.images:q} --table-output {output.table:q} 2>&1 | tee {log:q}"


rule accuracies:
    """Mean, spread and interval of the accuracies of every population, before and after each epoch."""
    input:
        evaluations=evaluations,
        metrics=expand("results/zoos/{zoo}/metrics.parquet", zoo=CONFIG.zoos),
        splits=expand("results/zoos/{zoo}/split.parquet", zoo=CONFIG.zoos),
    output:
        table="results/accuracies.parquet",
        table_record="results/accuracies.parquet.prov.json",
    log:
        "results/logs/accuracies.log",
    benchmark:
        "results/benchmarks/accuracies.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        config=accuracies_config,
        code=code_id("hyperpipe.stages.accuracies"),
    shell:
        "python -m hyperpipe accuracies --config {params.config:q} --evaluation-paths '{input.evaluations}'"
        " --metrics-paths '{input.metrics}' --split-paths '{input.splits}'"
        " --table-output {output.table:q} 2>&1 | tee {log:q}"
