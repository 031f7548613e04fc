//! The Indexed Job of `ci/cluster`: Kubernetes' fields where they belong, and words that this program understands.
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Job {
    api_version: String,
    kind: String,
    metadata: BTreeMap<String, String>,
    spec: JobSpec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct JobSpec {
    completions: u32,
    parallelism: u32,
    completion_mode: String,
    backoff_limit_per_index: u32,
    max_failed_indexes: u32,
    pod_failure_policy: FailurePolicy,
    template: Template,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FailurePolicy {
    rules: Vec<FailureRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FailureRule {
    action: String,
    on_exit_codes: Option<ExitCodes>,
    on_pod_conditions: Option<Vec<BTreeMap<String, String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExitCodes {
    operator: String,
    values: Vec<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Template {
    spec: Pod,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Pod {
    restart_policy: String,
    containers: Vec<Container>,
    volumes: Vec<Volume>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Container {
    name: String,
    image: String,
    command: Vec<String>,
    args: Vec<String>,
    env: Vec<Variable>,
    resources: BTreeMap<String, BTreeMap<String, String>>,
    volume_mounts: Vec<Mount>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variable {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Mount {
    name: String,
    mount_path: String,
    #[serde(default)]
    read_only: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Volume {
    name: String,
    config_map: Option<BTreeMap<String, String>>,
    persistent_volume_claim: Option<BTreeMap<String, String>>,
}

fn job() -> Job {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ci/cluster/kubernetes.yaml");
    serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_job_is_an_indexed_one_whose_pods_are_begun_again_where_that_helps() {
    let job = job();
    assert_eq!((job.api_version.as_str(), job.kind.as_str()), ("batch/v1", "Job"));
    assert!(job.metadata.contains_key("name"));
    let spec = &job.spec;
    assert_eq!((spec.completion_mode.as_str(), spec.parallelism, spec.max_failed_indexes), ("Indexed", 64, 64));
    assert!(spec.backoff_limit_per_index > 0);
    // a policy for failures is allowed with this only
    assert_eq!(spec.template.spec.restart_policy, "Never");
    let [lost, wrong] = spec.pod_failure_policy.rules.as_slice() else { panic!("two rules") };
    assert_eq!((lost.action.as_str(), lost.on_pod_conditions.as_ref().map(Vec::len)), ("Ignore", Some(1)));
    let codes = wrong.on_exit_codes.as_ref().unwrap();
    assert_eq!(
        (wrong.action.as_str(), codes.operator.as_str(), codes.values.as_slice()),
        ("FailIndex", "In", &[2][..])
    );
}

#[test]
fn a_pod_knows_of_how_many_it_is_one_and_has_the_folders_that_it_uses() {
    let job = job();
    let pod = &job.spec.template.spec;
    let [container] = pod.containers.as_slice() else { panic!("one container") };
    let shards = container.env.iter().find(|variable| variable.name == "VRRPLAB_SHARDS").unwrap();
    assert_eq!(shards.value, job.spec.completions.to_string());
    assert!(!container.image.is_empty() && !container.name.is_empty() && container.resources.contains_key("requests"));
    let mounts: Vec<_> = container.volume_mounts.iter().map(|mount| (mount.name.as_str(), mount.read_only)).collect();
    let volumes: Vec<&str> = pod.volumes.iter().map(|volume| volume.name.as_str()).collect();
    assert_eq!((mounts, volumes), (vec![("site", true), ("out", false)], vec!["site", "out"]));
    assert!(pod.volumes[0].config_map.is_some() && pod.volumes[1].persistent_volume_claim.is_some());
    for path in container.args.iter().filter(|word| word.starts_with('/')) {
        assert!(container.volume_mounts.iter().any(|mount| path.starts_with(&mount.mount_path)), "{path}");
    }
}

#[test]
fn what_a_pod_runs_is_understood_and_ends_well_when_seeds_have_failed() {
    let job = job();
    let container = &job.spec.template.spec.containers[0];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pod");
    let _ = std::fs::remove_dir_all(&folder);
    let scenario = root.join("scenarios/split-brain.yaml").display().to_string();
    let word = |word: &String| match word.as_str() {
        "/site/SITE.yaml" => scenario.clone(),
        "0..1000000" => "0..128".to_owned(),
        "/out" => folder.display().to_string(),
        _ => word.clone(),
    };
    let program = Path::new(env!("CARGO_BIN_EXE_vrrplab"));
    let pod = |index: Option<&str>| {
        let mut command = Command::new(&container.command[0]);
        command.args(&container.command[1..]).args(container.args.iter().map(word)).stdin(Stdio::null());
        command.env_clear().env("PATH", format!("{}:/usr/bin:/bin", program.parent().unwrap().display()));
        for variable in &container.env {
            command.env(&variable.name, &variable.value);
        }
        index.map(|index| command.env("JOB_COMPLETION_INDEX", index));
        command.output().unwrap()
    };
    let played = pod(Some("63"));
    assert_eq!(played.status.code(), Some(0), "{played:?}");
    assert!(String::from_utf8_lossy(&played.stderr).contains("shard 63 of 64, as JOB_COMPLETION_INDEX"), "{played:?}");
    let rows = std::fs::read_to_string(folder.join("runs-63-of-64.jsonl")).unwrap();
    assert_eq!(rows.lines().count(), 2);
    // without an index it is no use to try again
    let (bad, policy) = (pod(None), &job.spec.pod_failure_policy.rules[1]);
    let code = bad.status.code().unwrap();
    assert!(policy.on_exit_codes.as_ref().unwrap().values.contains(&code), "{bad:?}");
}
