rule images:
    """A data set as uint8 images with fixed splits."""
    output:
        store="results/images/{dataset}.h5",
        store_record="results/images/{dataset}.h5.prov.json",
    log:
        "results/logs/images/{dataset}.log",
    benchmark:
        "results/benchmarks/images/{dataset}.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        config=images_config,
        code=code_id("hyperpipe.stages.images"),
    shell:
        "python -m hyperpipe images --config {params.config:q} --store-output {output.store:q} 2>&1 | tee {log:q}"
