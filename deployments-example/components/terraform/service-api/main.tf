resource "terraform_data" "task" {
  input = {
    name        = var.name
    image       = var.image
    port        = var.port
    environment = merge(var.environment, { DATABASE_URL = var.database_url })
  }
}

resource "terraform_data" "replica" {
  count = var.replicas

  input = {
    network = var.network_id
    task    = terraform_data.task.id
    number  = count.index + 1
    tags    = var.tags
  }
}
