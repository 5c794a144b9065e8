rule rows:
    """Which networks of a zoo, at which epochs, autoencoders learn from, and why others are left out."""
    input:
        zoo="results/zoos/{zoo}/zoo.h5",
        split="results/zoos/{zoo}/split.parquet",
    output:
        table="results/rows/{zoo}.parquet",
        table_record="results/rows/{zoo}.parquet.prov.json",
    log:
        "results/logs/rows/{zoo}.log",
    benchmark:
        "results/benchmarks/rows/{zoo}.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=10,
    params:
        config=rows_config,
        code=code_id("hyperpipe.stages.rows"),
    shell:
        "python -m hyperpipe rows --config {params.config:q} --zoo-path {input.zoo:q} --split-path {input.split:q}"
        " --table-output {output.table:q} 2>&1 | tee {log:q}"


rule hyperrep:
    """The autoencoder of a zoo with or without LWLN, the embeddings of its networks, the history of its training."""
    input:
        zoo=networks_of_autoencoder,
        rows="results/rows/{zoo}.parquet",
    output:
        store="results/hyperreps/{zoo}/{autoencoder}/hyperrep.h5",
        embeddings="results/hyperreps/{zoo}/{autoencoder}/embeddings.h5",
        history="results/hyperreps/{zoo}/{autoencoder}/history.parquet",
        store_record="results/hyperreps/{zoo}/{autoencoder}/hyperrep.h5.prov.json",
        embeddings_record="results/hyperreps/{zoo}/{autoencoder}/embeddings.h5.prov.json",
        history_record="results/hyperreps/{zoo}/{autoencoder}/history.parquet.prov.json",
    log:
        "results/logs/hyperreps/{zoo}/{autoencoder}.log",
    benchmark:
        "results/benchmarks/hyperrep/{zoo}/{autoencoder}.jsonl"
    conda:
        "../../envs/hyperpipe.yaml"
    threads: 1
    resources:
        mem_mb=training_megabytes,
        runtime=hyperrep_minutes,
        gpu=gpus,
        saving=CONFIG.hyperrep.saving,  # no param, since it changes no result
    params:
        config=hyperrep_config,
        code=code_id("hyperpipe.stages.hyperrep"),
    shell:
        "python -m hyperpipe hyperrep --config {params.config:q} --threads {threads}"
        " --zoo-path {input.zoo:q} --rows-path {input.rows:q} --store-output {output.store:q}"
        " --embeddings-output {output.embeddings:q} --history-output {output.history:q}"
        " --checkpoint results/hyperreps/{wildcards.zoo}/{wildcards.autoencoder}/checkpoint.h5 --saving {resources.saving:q}"
        " 2>&1 | tee {log:q}"
