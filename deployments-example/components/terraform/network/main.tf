locals {
  subnets = {
    for zone in range(var.zones) : "zone-${zone + 1}" => cidrsubnet(var.cidr, 8, zone)
  }
}

resource "terraform_data" "network" {
  input = {
    name = var.name
    cidr = var.cidr
    tags = var.tags
  }
}

resource "terraform_data" "subnet" {
  for_each = local.subnets

  input = {
    network = terraform_data.network.id
    zone    = each.key
    cidr    = each.value
  }
}
