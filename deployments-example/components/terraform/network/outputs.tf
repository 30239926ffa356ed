output "id" {
  description = "Names the network for others"
  value       = terraform_data.network.id
}

output "subnet_ids" {
  description = "Its subnets, by zone"
  value       = { for zone, subnet in terraform_data.subnet : zone => subnet.id }
}
