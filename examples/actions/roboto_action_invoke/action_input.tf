# Without a trigger, this action is invoked only on demand:
# terraform apply -invoke=action.roboto_action_invoke.reindex
action "roboto_action_invoke" "reindex" {
  config {
    name              = "reindex"
    action_org_id     = "roboto-public"
    dataset_id        = "ds_0123456789ab"
    file_paths        = ["**/*.mcap"]
    upload_dataset_id = "ds_ba9876543210"
    action_timeout    = "20m"
    wait_timeout      = "1h"
  }
}
