// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaktest

import "slices"

// place is a part of a scene's artifacts in which a class of secrets may be.
type place struct {
	artifact string
	class    class
}

// knownPlace is a place where something secret belongs, or where Terraform itself
// puts it, with the reason.
type knownPlace struct {
	place
	reason string
}

// everywhere are the known places of all scenes. That the search finds something in
// each of them shows that it works.
var everywhere = []knownPlace{
	{place{robotoAuthorization, apiKey}, "it authorizes the request"},
	{place{awsAuthorization, accessKeyID}, "AWS's signatures name the key"},
	{place{awsSessionToken, sessionToken}, "AWS wants it beside the signature"},
	{place{awsPutValue, secretValue}, "this is how a value is written"},
}

// ofLiterals are those of the scene in which the practitioner writes an API key and a
// value into the configuration. All are Terraform's doing.
var ofLiterals = []knownPlace{
	{place{"workspace/module/main.tf", apiKey}, "the practitioner wrote it there"},
	{place{"workspace/module/main.tf", secretValue}, "the practitioner wrote it there"},
	{place{"workspace/module/literals.tfplan/tfconfig/m-/main.tf", apiKey}, "a saved plan holds a copy of the configuration"},
	{place{"workspace/module/literals.tfplan/tfconfig/m-/main.tf", secretValue}, "a saved plan holds a copy of the configuration"},
	{place{"records/03-show.stdout", apiKey}, "terraform show -json prints the configuration of a plan"},
	{place{"records/03-show.stdout", secretValue}, "terraform show -json prints the configuration of a plan"},
	{place{"records/06-validate.stderr", apiKey}, "Terraform prints the line of an argument of a wrong type"},
}

// knownPlaces are those of a scene.
func knownPlaces(scene string) []knownPlace {
	if scene == "literals" {
		return slices.Concat(everywhere, ofLiterals)
	}
	return everywhere
}
