build {
  name    = "bake"
  sources = ["source.null.container"]

  provisioner "ansible" {
    command          = var.ansible_playbook
    playbook_file    = var.playbook
    user             = var.ssh_user
    use_proxy        = false
    extra_arguments  = ["-e", "@${var.ansible_variables}", "--skip-tags", "generalise"]
    ansible_env_vars = ["ANSIBLE_CONFIG=${var.ansible_config}", "ANSIBLE_LOG_PATH=${var.ansible_log}"]
  }
}

build {
  name    = "generalise"
  sources = ["source.null.container"]

  provisioner "ansible" {
    command          = var.ansible_playbook
    playbook_file    = var.playbook
    user             = var.ssh_user
    use_proxy        = false
    extra_arguments  = ["-e", "@${var.ansible_variables}", "--tags", "generalise"]
    ansible_env_vars = ["ANSIBLE_CONFIG=${var.ansible_config}", "ANSIBLE_LOG_PATH=${var.ansible_log}"]
  }
}
