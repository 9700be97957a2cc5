#!/usr/bin/env bash
# Copyright (c) The terraform-provider-roboto Authors
# SPDX-License-Identifier: MPL-2.0

# Builds a snapshot of a release and uses it as users will. Says what holds, and ends with 0
# if all does, otherwise with 1. The files stay in dist/ to be looked at.
#
#   make release-check              for this machine's platform
#   make release-check ARGS=-all    for all platforms of a release, which takes minutes
#
# Needs go, git, unzip, sha256sum, and terraform or tofu, 1.11 or later. Signs where gpg is.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export LC_ALL=C # one order for sort, ls and patterns

project=terraform-provider-roboto
# Those that a release is promised for, whatever .goreleaser.yml says.
all="darwin_amd64 darwin_arm64 freebsd_386 freebsd_amd64 freebsd_arm freebsd_arm64 \
linux_386 linux_amd64 linux_arm linux_arm64 windows_386 windows_amd64 windows_arm64"
here="$(go env GOHOSTOS)_$(go env GOHOSTARCH)"

holds() { printf '  ✓ %s\n' "$*"; }
fail() {
	printf '\nFailed: %s\n' "$*" >&2
	exit 1
}
# What fails without a word of its own.
trap 'printf "\nFailed in line %s: %s\n" "$LINENO" "$BASH_COMMAND" >&2' ERR

# Runs a command, whose output matters only if it fails.
quietly() {
	"$@" > "$tmp/log" 2>&1 || {
		cat "$tmp/log" >&2
		fail "$*"
	}
}

# Compares two lists, of which the second is what was found, and says what they are of.
same() { diff <(tr ' ' '\n' <<< "$1" | sort) <(tr ' ' '\n' <<< "$2" | sort) >&2 || fail "$3 (< wanted, > found)"; }

# Prints what a step of the release workflow has as $2: the commands, or the paths.
step() {
	awk -v name="- name: $1" -v key="$2: " '
		{ match($0, /^ */); indent = RLENGTH; line = substr($0, indent + 1) }
		block && indent > block { print line; next }
		{ block = 0 }
		index(line, "- ") == 1 { inside = (line == name) }
		inside && index(line, key) == 1 { rest = substr(line, length(key) + 1); if (rest == "|") block = indent; else print rest }
	' .github/workflows/release.yml
}

# Makes a snapshot of the repository in $1, and hands over to $2 what the workflow does.
build() {
	# Without a remote, goreleaser does not look at the commit, and takes the time of day.
	quietly env GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=remote.origin.url GIT_CONFIG_VALUE_0="https://github.com/roboto-ai/$project" \
		go -C "$1" tool -modfile=tools/go.mod goreleaser release --snapshot --clean --config="$tmp/goreleaser.yml"
	version=$(sed 's/.*"version":"\([^"]*\)".*/\1/' "$1/dist/metadata.json")
	mkdir "$2"
	(
		cd "$1"
		GITHUB_REF_NAME="v$version" bash -ec "$manifest"
		cp $handed "$2" # these are patterns
	)
}

# Runs the workflow's commands that sign, in $1, where nobody knows the key yet.
sign() {
	mkdir -m 700 "$1.gnupg"
	(cd "$1" && GNUPGHOME="$1.gnupg" GPG_PRIVATE_KEY="$key" PASSPHRASE="$passphrase" bash -ec "$signing") > "$tmp/log" 2>&1
}

# Runs Terraform with nothing of the user's. It has to end with the exit code $1.
tf() {
	local want=$1 got=0
	env -i PATH="$PATH" HOME="$tmp" TF_CLI_CONFIG_FILE="$tmp/terraform.rc" TF_IN_AUTOMATION=1 TF_VAR_value="$value" \
		${roboto_env[@]+"${roboto_env[@]}"} "$terraform" -chdir="$tmp/module" "${@:2}" -no-color > "$tmp/log" 2>&1 || got=$?
	[ "$got" = "$want" ] || {
		cat "$tmp/log" >&2
		fail "${terraform##*/} ${*:2} ended with $got, want $want"
	}
}

case " $all " in *" $here "*) ;; *) fail "a release has no archive for $here, so it cannot be tried on this machine" ;; esac
terraform=$(command -v terraform || command -v tofu) || fail "neither terraform nor tofu is on the PATH"

tmp=$(mktemp -d) roboto="" roboto_env=() value=first
finish() {
	local code=$?
	[ -z "$roboto" ] || kill "$roboto" || true
	for home in "$tmp"/*gnupg; do
		[ ! -d "$home" ] || GNUPGHOME="$home" gpgconf --kill all || true
	done
	rm -rf "$tmp"
	exit $((code != 0))
}
trap finish EXIT

manifest=$(step "Add the manifest" run)
handed=$(step "Hand over" path)
signing=$(step Sign run)

# goreleaser release has no option for one platform.
platforms=$here edit="s/^    goos: .*/    goos: [\"${here%_*}\"]/; s/^    goarch: .*/    goarch: [\"${here#*_}\"]/"
[ "${1-}" != -all ] || platforms=$all edit=""
sed "$edit" .goreleaser.yml > "$tmp/goreleaser.yml"
echo "Building a snapshot for $platforms"
release=$tmp/release
build "$PWD" "$release"
holds "version $version, in dist/"

echo "Checking it as the registry does"
prefix=${project}_$version
registered=${prefix}_manifest.json files=${prefix}_SHA256SUMS
for platform in $platforms; do
	registered+=" ${prefix}_$platform.zip"
	files+=" ${prefix}_$platform.cdx.json"
done
files+=" $registered"
same "$files" "$(ls "$release")" "the files that are handed over"
same "$registered" "$(awk '{ print $2 }' "$release/${prefix}_SHA256SUMS")" "the files in SHA256SUMS"
quietly bash -c 'cd "$1" && sha256sum --check --strict ./*_SHA256SUMS' - "$release"
holds "names and checksums"

[ "$(tr -d ' \n' < "$release/${prefix}_manifest.json")" = '{"version":1,"metadata":{"protocol_versions":["6.0"]}}' ] ||
	fail "the manifest is not of version 1 with protocol 6.0"
holds "manifest: protocol 6.0"
for platform in $platforms; do
	archive=${prefix}_$platform.zip unpacked=$tmp/$platform binary=${project}_v$version
	case $platform in windows_*) binary+=.exe ;; esac
	same "LICENSE $binary" "$(unzip -Z1 "$release/$archive")" "the files in $archive"
	quietly unzip "$release/$archive" -d "$unpacked"
	[ -x "$unpacked/$binary" ] || fail "$binary in $archive is not executable"
	go version -m "$unpacked/$binary" > "$tmp/built"
	same "GOOS=${platform%_*} GOARCH=${platform#*_}" "$(awk '$2 ~ /^GO(OS|ARCH)=/ { print $2 }' "$tmp/built")" "what the binary in $archive is built for"
	grep -qaF "$version" "$unpacked/$binary" || fail "$binary in $archive does not know its version"
	sbom=$release/${prefix}_$platform.cdx.json
	grep -q '"bomFormat": "CycloneDX"' "$sbom" || fail "${sbom##*/} is not in CycloneDX's form"
	awk '$1 == "dep" { print $2 "@" $3 }' "$tmp/built" | sort > "$tmp/linked"
	awk -F '"' '$2 == "name" { name = $4 } $2 == "version" { print name "@" $4 }' "$sbom" | sort > "$tmp/named"
	[ -s "$tmp/linked" ] || fail "no module is linked into $binary"
	missing=$(comm -23 "$tmp/linked" "$tmp/named")
	[ -z "$missing" ] || fail "linked in, and not named in ${sbom##*/}:" $missing
done
holds "archives: license, and a binary that can be run and knows platform and version"
holds "SBOMs name all modules that are linked in: $(wc -l < "$tmp/linked")"

echo "Building it again, in another folder"
# With the files as they are now, but for those that git ignores.
copy=$tmp/another/folder
git clone --quiet --no-checkout . "$copy"
quietly git --git-dir="$copy/.git" --work-tree=. add --all
git -C "$copy" checkout-index --all --index
build "$copy" "$tmp/again"
diff -r "$release" "$tmp/again" >&2 || fail "the build depends on more than the sources"
holds "all files are the same, byte for byte"

echo "Signing it, as the release workflow does"
if command -v gpg > /dev/null; then
	export GNUPGHOME="$tmp/gnupg"
	mkdir -m 700 "$GNUPGHOME"
	passphrase="open sesame" # of a key that exists for this run
	with_key=(gpg --batch --quiet --pinentry-mode loopback --passphrase "$passphrase")
	quietly "${with_key[@]}" --quick-generate-key release-check rsa2048 sign 1d
	key=$("${with_key[@]}" --armor --export-secret-keys release-check)
	cp -R "$release" "$tmp/tampered"
	echo >> "$tmp/tampered/$archive"
	! sign "$tmp/tampered" || fail "an archive was signed that is not the one that was built"
	grep -q "^$archive: FAILED" "$tmp/log" || fail "signing ends without looking at the archives: $(cat "$tmp/log")"
	sign "$release" || fail "$(cat "$tmp/log")"
	same "$files ${prefix}_SHA256SUMS.sig" "$(ls "$release")" "the files that are published"
	! grep -q '^-----BEGIN' "$release/${prefix}_SHA256SUMS.sig" || fail "the signature is ASCII-armored: the registry takes binary ones"
	quietly gpg --batch --verify "$release/${prefix}_SHA256SUMS.sig" "$release/${prefix}_SHA256SUMS"
	holds "signature of SHA256SUMS, by a key made for this run; none after an archive was changed"
else
	echo "  - skipped: gpg is not on the PATH"
fi

address=registry.terraform.io/roboto-ai/roboto
mkdir -p "$tmp/mirror/$address" "$tmp/module"
cp "$release"/*.zip "$tmp/mirror/$address"
cat > "$tmp/terraform.rc" << END
disable_checkpoint = true
provider_installation {
  filesystem_mirror { path = "$tmp/mirror" }
}
END
# Terraform installs a prerelease only if asked for exactly it.
cat > "$tmp/module/main.tf" << END
terraform {
  required_providers {
    roboto = { source = "$address", version = "$version" }
  }
}

variable "value" {
  ephemeral = true
  sensitive = true
}

resource "roboto_secret" "this" {
  name     = "release-check"
  value_wo = var.value
}
END
tf 0 version
echo "Installing it from a filesystem mirror, with $(head -n 1 "$tmp/log")"
go build -o "$tmp/roboto" ./internal/test/robototest/cmd
"$tmp/roboto" > "$tmp/requests" &
roboto=$!
until grep -qs "Ctrl-C" "$tmp/requests"; do
	kill -0 "$roboto" || fail "the embedded Roboto does not start"
	sleep 0.1
done
roboto_env=($(sed -n 's/^  export //p' "$tmp/requests")) # no value has a space

tf 0 init
tf 0 providers lock -fs-mirror="$tmp/mirror" $(printf -- '-platform=%s ' $platforms)
same "$(wc -w <<< "$platforms" | tr -d ' ')" "$(grep -c '"h1:' "$tmp/module/.terraform.lock.hcl")" "the number of archives in the lock file"
rm -r "$tmp/module/.terraform"
tf 0 init -lockfile=readonly
holds "terraform init writes a lock file, and init -lockfile=readonly agrees with it"

tf 2 plan -detailed-exitcode -out=create.tfplan
tf 0 apply create.tfplan
tf 0 plan -detailed-exitcode # which compares the value
value=second tf 2 plan -detailed-exitcode
tf 0 destroy -auto-approve
kill "$roboto"
wait "$roboto"
roboto=""
! grep "broke a rule" "$tmp/requests" >&2 || fail "the embedded services objected"
grep -q "  20[0-9]  *DeleteSecret .* $project/$version\$" "$tmp/requests" || {
	cat "$tmp/requests" >&2
	fail "destroy deleted nothing, or the provider does not call itself $project/$version"
}
holds "plan, apply, plan without changes, plan with another value, destroy, by $project/$version"
echo "Done in $SECONDS s."
