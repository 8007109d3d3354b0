locals {
  # Given to the shell to read, because nothing may be run from the image's own /tmp.
  run_script  = "{{ .Vars }} sh {{ .Path }}"
  arguments   = ["-e", "@${var.ansible_variables}"]
  environment = ["ANSIBLE_CONFIG=${var.ansible_config}", "ANSIBLE_LOG_PATH=${var.ansible_log}", "ANSIBLE_NOCOLOR=1"]

  # A second run writes down what it changes, and that has to be nothing.
  telling = [
    "ANSIBLE_CALLBACK_PLUGINS=${path.root}/callbacks",
    "ANSIBLE_CALLBACKS_ENABLED=changes",
    "CHANGES_FILE=${var.changes}",
  ]
  nothing_changed = [
    "test -e '${var.changes}' || { echo 'the second run did not say what it changed'; exit 1; }",
    "test ! -s '${var.changes}' || { echo 'the second run of the playbook changed:'; cat '${var.changes}'; exit 1; }",
  ]
}

# Makes the base into the appliance, and proves that doing it twice does nothing. What is there then is cached.
build {
  name    = "bake"
  sources = ["source.null.container", "source.qemu.vm"]

  # cloud-init of the build machine would get in the way of apt, and write again what is cleaned away.
  provisioner "shell" {
    only            = ["qemu.vm"]
    execute_command = local.run_script
    inline          = ["cloud-init status --wait || test $? -eq 2"]
  }

  provisioner "ansible" {
    command          = var.ansible_playbook
    playbook_file    = var.playbook
    user             = "root"
    use_proxy        = false
    extra_arguments  = concat(local.arguments, ["--skip-tags", "target,generalise"])
    ansible_env_vars = local.environment
  }

  # Without ansible-lockdown's role, which would undo what ours have put right after it.
  provisioner "ansible" {
    command          = var.ansible_playbook
    playbook_file    = var.playbook
    user             = "root"
    use_proxy        = false
    extra_arguments  = concat(local.arguments, ["--skip-tags", "target,generalise,lockdown"])
    ansible_env_vars = concat(local.environment, local.telling)
  }

  provisioner "shell-local" {
    inline = local.nothing_changed
  }

  # The machine is started once more, to be cleaned; that must not be its first boot.
  provisioner "shell" {
    execute_command = local.run_script
    inline = [
      "for unit in litellm- litellm nginx; do",
      "  mkdir -p /etc/systemd/system/$unit.service.d",
      "  printf '[Unit]\\nConditionPathExists=/run/build-is-over\\n' > /etc/systemd/system/$unit.service.d/build.conf",
      "done",
    ]
  }
}

# Makes a copy of what was baked a machine of one target, and proves that doing it twice does nothing.
build {
  name    = "target"
  sources = ["source.null.container", "source.qemu.vm"]

  # cloud-init of the build machine would get in the way of apt, and write again what is cleaned away.
  provisioner "shell" {
    only            = ["qemu.vm"]
    execute_command = local.run_script
    inline          = ["cloud-init status --wait || test $? -eq 2"]
  }

  provisioner "ansible" {
    command          = var.ansible_playbook
    playbook_file    = var.playbook
    user             = "root"
    use_proxy        = false
    extra_arguments  = concat(local.arguments, ["--tags", "target"])
    ansible_env_vars = local.environment
  }

  provisioner "ansible" {
    command          = var.ansible_playbook
    playbook_file    = var.playbook
    user             = "root"
    use_proxy        = false
    extra_arguments  = concat(local.arguments, ["--tags", "target"])
    ansible_env_vars = concat(local.environment, local.telling)
  }

  provisioner "shell-local" {
    inline = local.nothing_changed
  }
}

# Takes away what no image may carry. Runs on a copy of the machine, as the last thing before the disk.
build {
  name    = "generalise"
  sources = ["source.null.container", "source.qemu.vm"]

  # cloud-init of the build machine would get in the way of apt, and write again what is cleaned away.
  provisioner "shell" {
    only            = ["qemu.vm"]
    execute_command = local.run_script
    inline          = ["cloud-init status --wait || test $? -eq 2"]
  }

  provisioner "shell" {
    execute_command = local.run_script
    inline = [
      "find /etc/systemd/system -name build.conf -delete",
      "find /etc/systemd/system -name '*.service.d' -empty -delete",
    ]
  }

  provisioner "ansible" {
    command          = var.ansible_playbook
    playbook_file    = var.playbook
    user             = "root"
    use_proxy        = false
    extra_arguments  = concat(local.arguments, ["--tags", "generalise"])
    ansible_env_vars = local.environment
  }
}
