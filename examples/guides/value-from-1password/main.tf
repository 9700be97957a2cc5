terraform {
  required_providers {
    onepassword = {
      source  = "1password/onepassword"
      version = "~> 3.3"
    }
    roboto = {
      source  = "roboto-ai/roboto"
      version = "~> 0.1"
    }
  }
}

ephemeral "onepassword_item" "weather" {
  vault = "hfnjvi6aymbsnfc2xeeoheizda"
  title = "Weather service"
}

resource "roboto_secret" "weather_api_key" {
  name     = "weather_api_key"
  value_wo = ephemeral.onepassword_item.weather.credential
}
