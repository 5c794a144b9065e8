rule population:
    """Networks sampled from a hyper-representation by every sampler, and reconstructions of its anchors."""
    input:
        hyperrep=hyperrep_of_population,
        embeddings=embeddings_of_population,
        metrics="results/zoos/{zoo}/metrics.parquet",
        samplers=OWN_SAMPLERS,
    output:
        store="results/populations/{zoo}/{population}.h5",
        store_record="results/populations/{zoo}/{population}.h5.prov.json",
    log:
        "results/logs/populations/{zoo}/{population}.log",
    benchmark:
        "results/benchmarks/population/{zoo}/{population}.jsonl"
    wildcard_constraints:
        population="|".join(POPULATIONS),
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=reading_megabytes,
        runtime=30,
    params:
        config=population_config,
        code=code_id("hyperpipe.stages.population"),
    shell:
        "python -m hyperpipe population --config {params.config:q} --hyperrep-path {input.hyperrep:q}"
        " --embeddings-path {input.embeddings:q} --metrics-path {input.metrics:q}"
        " --sampler-paths '{input.samplers}'"
        " --store-output {output.store:q} 2>&1 | tee {log:q}"


rule align:
    """A zoo's networks in one frame of their hidden units, the functions they were."""
    input:
        zoo="results/zoos/{zoo}/zoo.h5",
        rows="results/rows/{zoo}.parquet",
    output:
        store="results/zoos/{zoo}/aligned.h5",
        store_record="results/zoos/{zoo}/aligned.h5.prov.json",
    log:
        "results/logs/zoos/{zoo}/aligned.log",
    benchmark:
        "results/benchmarks/align/{zoo}.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        config=align_config,
        code=code_id("hyperpipe.stages.align"),
    shell:
        "python -m hyperpipe align --config {params.config:q} --zoo-path {input.zoo:q}"
        " --rows-path {input.rows:q} --store-output {output.store:q} 2>&1 | tee {log:q}"


rule weights:
    """S_weights: networks sampled among the training networks' weights, in one frame and as they are."""
    input:
        aligned="results/zoos/{zoo}/aligned.h5",
        zoo="results/zoos/{zoo}/zoo.h5",
        rows="results/rows/{zoo}.parquet",
    output:
        store="results/populations/{zoo}/S_weights.h5",
        store_record="results/populations/{zoo}/S_weights.h5.prov.json",
    log:
        "results/logs/populations/{zoo}/S_weights.log",
    benchmark:
        "results/benchmarks/weights/{zoo}.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=weights_minutes,
    params:
        config=weights_config,
        code=code_id("hyperpipe.stages.weights"),
    shell:
        "python -m hyperpipe weights --config {params.config:q} --aligned-path {input.aligned:q}"
        " --zoo-path {input.zoo:q} --rows-path {input.rows:q} --store-output {output.store:q} 2>&1 | tee {log:q}"


rule controls:
    """Training networks with noise, shrunk, drawn weight by weight; decoded random latents."""
    input:
        hyperrep="results/hyperreps/{zoo}/lwln/hyperrep.h5",
        zoo="results/zoos/{zoo}/zoo.h5",
        rows="results/rows/{zoo}.parquet",
        metrics="results/zoos/{zoo}/metrics.parquet",
    output:
        store="results/populations/{zoo}/controls.h5",
        store_record="results/populations/{zoo}/controls.h5.prov.json",
    log:
        "results/logs/populations/{zoo}/controls.log",
    benchmark:
        "results/benchmarks/controls/{zoo}.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=reading_megabytes,
        runtime=30,
    params:
        config=controls_config,
        code=code_id("hyperpipe.stages.controls"),
    shell:
        "python -m hyperpipe controls --config {params.config:q} --hyperrep-path {input.hyperrep:q}"
        " --zoo-path {input.zoo:q} --rows-path {input.rows:q} --metrics-path {input.metrics:q}"
        " --store-output {output.store:q} 2>&1 | tee {log:q}"


rule pretrained:
    """B_F: the zoo's own training networks, as they are."""
    input:
        zoo="results/zoos/{zoo}/zoo.h5",
        rows="results/rows/{zoo}.parquet",
    output:
        store="results/populations/{zoo}/B_F.h5",
        store_record="results/populations/{zoo}/B_F.h5.prov.json",
    log:
        "results/logs/populations/{zoo}/B_F.log",
    benchmark:
        "results/benchmarks/pretrained/{zoo}.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=10,
    params:
        config=pretrained_config,
        code=code_id("hyperpipe.stages.pretrained"),
    shell:
        "python -m hyperpipe pretrained --config {params.config:q} --zoo-path {input.zoo:q}"
        " --rows-path {input.rows:q} --store-output {output.store:q} 2>&1 | tee {log:q}"


rule scratch:
    """Networks in the standard initialisations, for the images of a zoo."""
    input:
        images=images_of_zoo,
    output:
        store="results/populations/{zoo}/scratch.h5",
        store_record="results/populations/{zoo}/scratch.h5.prov.json",
    log:
        "results/logs/populations/{zoo}/scratch.log",
    benchmark:
        "results/benchmarks/scratch/{zoo}.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        config=scratch_config,
        code=code_id("hyperpipe.stages.scratch"),
    shell:
        "python -m hyperpipe scratch --config {params.config:q} --images-path {input.images:q}"
        " --store-output {output.store:q} 2>&1 | tee {log:q}"
