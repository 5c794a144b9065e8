rule zoo_shard:
    """A range of seeds of a zoo, trained."""
    input:
        images=images_of_zoo,
    output:
        store="results/zoos/{zoo}/shards/{shard}.h5",
        store_record="results/zoos/{zoo}/shards/{shard}.h5.prov.json",
    log:
        "results/logs/zoos/{zoo}/shards/{shard}.log",
    benchmark:
        "results/benchmarks/zoo_shard/{zoo}/{shard}.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=shard_minutes,
        gpu=gpus,
    params:
        config=shard_config,
        code=code_id("hyperpipe.stages.zoo_shard"),
    shell:
        "python -m hyperpipe zoo-shard --config {params.config:q} --seeds {wildcards.shard} --threads {threads}"
        " --images-path {input.images:q} --store-output {output.store:q} 2>&1 | tee {log:q}"


rule zoo:
    """All shards of a zoo as one store, its split by network, its metrics in long form."""
    input:
        shards=shards_of_zoo,
    output:
        store="results/zoos/{zoo}/zoo.h5",
        split="results/zoos/{zoo}/split.parquet",
        metrics="results/zoos/{zoo}/metrics.parquet",
        store_record="results/zoos/{zoo}/zoo.h5.prov.json",
        split_record="results/zoos/{zoo}/split.parquet.prov.json",
        metrics_record="results/zoos/{zoo}/metrics.parquet.prov.json",
    log:
        "results/logs/zoos/{zoo}/zoo.log",
    benchmark:
        "results/benchmarks/zoo/{zoo}.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        config=zoo_config,
        code=code_id("hyperpipe.stages.zoo"),
    shell:
        "python -m hyperpipe zoo --config {params.config:q} --shard-paths '{input.shards}'"
        " --store-output {output.store:q} --split-output {output.split:q} --metrics-output {output.metrics:q}"
        " 2>&1 | tee {log:q}"
