resource "roboto_secret" "recorder_keystore" {
  name     = "recorder_keystore"
  value_wo = filebase64("${path.module}/recorder.p12") # whoever reads the secret has to decode it
}
