# Bakes in a cloud, from the cloud's own Ubuntu 24.04: AWS and Google list no image of another lineage, and DigitalOcean
# only a snapshot of a droplet. One source for each cloud, one build for all; packer build -only=marketplace.TYPE.CLOUD.
# These files lie apart from packer/template because Packer wants the plugins of every source in a directory, and a bake
# on this machine needs none of these.
locals {
  # Given to the shell to read, because nothing may be run from the image's own /tmp.
  run_script  = "sudo -n env {{ .Vars }} sh {{ .Path }}"
  arguments   = ["--become", "-e", "@${var.ansible_variables}"]
  environment = ["ANSIBLE_CONFIG=${var.ansible_config}", "ANSIBLE_LOG_PATH=${var.work}/ansible.log", "ANSIBLE_NOCOLOR=1"]
  changes     = "${var.work}/changes"
  tree        = "/var/tmp/tree.tar.gz"
  ami         = "${var.work}/ami.json"
}

build {
  name = "marketplace"
  sources = [
    "source.azure-arm.azure",
    "source.amazon-ebs.aws",
    "source.googlecompute.gcp",
    "source.digitalocean.digitalocean",
  ]

  # cloud-init of the build machine would get in the way of apt, and write again what is cleaned away.
  provisioner "shell" {
    execute_command = local.run_script
    inline          = ["cloud-init status --wait || test $? -eq 2"]
  }

  # ansible.cfg has Ansible's own files in memory, where only root may make a directory.
  provisioner "shell" {
    execute_command  = local.run_script
    environment_vars = ["BUILD_USER=${build.User}"]
    inline           = ["install --directory --mode=0700 --owner=$BUILD_USER /run/ansible"]
  }

  provisioner "ansible" {
    command          = var.ansible_playbook
    playbook_file    = var.playbook
    user             = build.User
    use_proxy        = false
    extra_arguments  = concat(local.arguments, ["--skip-tags", "generalise"])
    ansible_env_vars = local.environment
  }

  # Without ansible-lockdown's role, which would undo what ours have put right after it.
  provisioner "ansible" {
    command         = var.ansible_playbook
    playbook_file   = var.playbook
    user            = build.User
    use_proxy       = false
    extra_arguments = concat(local.arguments, ["--skip-tags", "generalise,lockdown"])
    ansible_env_vars = concat(local.environment, [
      "ANSIBLE_CALLBACK_PLUGINS=${path.root}/../template/callbacks",
      "ANSIBLE_CALLBACKS_ENABLED=changes",
      "CHANGES_FILE=${local.changes}",
    ])
  }

  provisioner "shell-local" {
    inline = [
      "test -e '${local.changes}' || { echo 'the second run did not say what it changed'; exit 1; }",
      "test ! -s '${local.changes}' || { echo 'the second run of the playbook changed:'; cat '${local.changes}'; exit 1; }",
    ]
  }

  # All but the way in by which Packer comes, which it needs to the end.
  provisioner "ansible" {
    command          = var.ansible_playbook
    playbook_file    = var.playbook
    user             = build.User
    use_proxy        = false
    extra_arguments  = concat(local.arguments, ["-e", "build_user=${build.User}", "--tags", "generalise"])
    ansible_env_vars = local.environment
  }

  # The build host judges a copy of what the machine holds now, made by last-step.sh into what the machine will be.
  provisioner "shell" {
    execute_command  = local.run_script
    environment_vars = ["TREE=${local.tree}", "BUILD_USER=${build.User}"]
    inline = [
      "boot=; if mountpoint -q /boot; then boot=./boot; fi",
      "tar --create --gzip --one-file-system --numeric-owner --xattrs --exclude=./tmp/* --exclude=./var/tmp/* --file=$TREE --directory=/ . $boot",
      "chown $BUILD_USER $TREE",
    ]
  }

  provisioner "file" {
    direction   = "download"
    source      = local.tree
    destination = "${var.work}/tree.tar.gz"
  }

  provisioner "shell-local" {
    inline = [join(" ", [for argument in concat(var.evidence_command, [build.User]) : "'${argument}'"])]
  }

  provisioner "file" {
    sources     = ["${var.work}/evidence.tar", "${path.root}/last-step.sh"]
    destination = "/var/tmp/"
    generated   = true
  }

  # Takes away the way in by which Packer came, so nothing can follow it: not even Packer's own removal of the script.
  provisioner "shell" {
    execute_command  = local.run_script
    environment_vars = ["BUILD_USER=${build.User}"]
    script           = "${path.root}/finish.sh"
    skip_clean       = true
  }

  post-processor "manifest" {
    output     = "${var.work}/marketplace.json"
    strip_path = true
  }

  post-processors {
    post-processor "manifest" {
      only   = ["amazon-ebs.aws"]
      output = local.ami
    }

    post-processor "shell-local" {
      only   = ["amazon-ebs.aws"]
      inline = ["'${path.root}/require-imdsv2' '${local.ami}'"]
    }
  }
}
