# By name and organization:
terraform import roboto_secret.weather_api_key weather_api_key@og_acme

# By URI:
terraform import roboto_secret.weather_api_key roboto-secret://weather_api_key@og_acme

# By name, in the provider's organization:
terraform import roboto_secret.weather_api_key weather_api_key
