#!/usr/bin/env bash
# Fails if the plan would leave a secret in another organization than ours.
set -euo pipefail

terraform plan -input=false -out=plan.tfplan
terraform show -json plan.tfplan | jq --exit-status '
  [.resource_changes[]
   | select(.type == "roboto_secret" and .change.after != null)
   | .change.after.uri // "not known yet"]
  | map(select(endswith("@og_acme") | not))
  | if . == [] then true else ("Not in og_acme: " + join(", ") + "\n" | halt_error(1)) end'
