// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

namespace cutover {

static const Catalogue::Registration gitStepTexts{{
    {"stage.checking_out", QT_TRANSLATE_NOOP("catalogue", "Checking out %{version} to look at")},
    {"git.title.fetch", QT_TRANSLATE_NOOP("catalogue", "Fetch")},
    {"git.intent.fetch", QT_TRANSLATE_NOOP("catalogue", "Have the tag %{tag} with the commit %{commit} on this host")},
    {"git.title.verify", QT_TRANSLATE_NOOP("catalogue", "Tag verification")},
    {"git.intent.verify", QT_TRANSLATE_NOOP("catalogue", "Check that %{tag} still names the commit %{commit}, and its signature by %{key}")},
    {"git.intent.verify_unsigned",
     QT_TRANSLATE_NOOP("catalogue", "Check that %{tag} still names the commit %{commit}; its signature is not asked for")},
    {"git.title.checkout", QT_TRANSLATE_NOOP("catalogue", "Checkout of %{version}")},
    {"git.intent.checkout", QT_TRANSLATE_NOOP("catalogue", "Check the commit %{commit} out, %{size:bytes}, beside the installed releases")},
    {"git.title.build", QT_TRANSLATE_NOOP("catalogue", "Checkout and build of %{version}")},
    {"git.intent.build",
     QT_TRANSLATE_NOOP("catalogue", "Check the commit %{commit} out, %{size:bytes}, beside the installed releases, and run there: %{build:list}")},
    {"git.doing.checkout", QT_TRANSLATE_NOOP("catalogue", "Checking out %{version}")},
    {"git.doing.build", QT_TRANSLATE_NOOP("catalogue", "Building %{version}: %{command}")},
}};

static const Catalogue::Registration gitTexts{{
    {"git.unreachable", QT_TRANSLATE_NOOP("catalogue", "The repository %{url} can't be reached: %{reason}"),
     QT_TRANSLATE_NOOP("catalogue", "Check the network and the server, then retry.")},
    {"git.refused", QT_TRANSLATE_NOOP("catalogue", "The repository %{url} refuses access: %{reason}"),
     QT_TRANSLATE_NOOP("catalogue", "Give the account that runs Cutover a deploy key or a credential helper for it.")},
    {"git.host_key", QT_TRANSLATE_NOOP("catalogue", "The host of %{url} does not prove to be the known one: %{reason}"),
     QT_TRANSLATE_NOOP("catalogue", "Compare its key with whoever runs it, and add it to known_hosts.")},
    {"git.no_repository", QT_TRANSLATE_NOOP("catalogue", "There is no git repository at %{url}: %{reason}"),
     QT_TRANSLATE_NOOP("catalogue", "Check “repository.git” in target.yaml.")},
    {"git.no_space", QT_TRANSLATE_NOOP("catalogue", "The disk is full: git %{command} could not write: %{reason}"),
     QT_TRANSLATE_NOOP("catalogue", "Make space, then retry.")},
    {"git.failed", QT_TRANSLATE_NOOP("catalogue", "git %{command} failed with exit code %{code}: %{reason}"),
     QT_TRANSLATE_NOOP("catalogue", "Look for files “*.lock” that a killed git has left in the copy of the repository, and check it with “git fsck”.")},
    {"git.too_much", QT_TRANSLATE_NOOP("catalogue", "git %{command} answered more than %{maximum:bytes}."),
     QT_TRANSLATE_NOOP("catalogue", "Name fewer tags by “repository.tags” in target.yaml.")},
    {"git.no_tag", QT_TRANSLATE_NOOP("catalogue", "The tag %{tag} is not in the repository %{url}."),
     QT_TRANSLATE_NOOP("catalogue", "Make a new plan.")},
    {"git.tag_moved", QT_TRANSLATE_NOOP("catalogue", "The tag %{tag} of %{url} names another commit than it did."),
     QT_TRANSLATE_NOOP("catalogue", "Releases must not change once they are published. Find out who moved it, and publish a new version.")},
    {"git.tag_unsigned", QT_TRANSLATE_NOOP("catalogue", "The tag %{tag} is not signed; this target demands it."),
     QT_TRANSLATE_NOOP("catalogue", "Let a release manager make it with “git tag -s”.")},
    {"git.tag_name", QT_TRANSLATE_NOOP("catalogue", "The tag %{tag} holds the signed tag %{found}, so its signature is for another release."),
     QT_TRANSLATE_NOOP("catalogue", "Find out who published it; don't install it.")},
    {"git.signature_wrong", QT_TRANSLATE_NOOP("catalogue", "The signature of the tag %{tag} is not by a key that this target trusts: %{reason}"),
     QT_TRANSLATE_NOOP("catalogue", "Check who signed it. If the key is right, add it to “allowed_signers” or “gpg_keys” in target.yaml.")},
    {"git.signer_changed", QT_TRANSLATE_NOOP("catalogue", "The tag %{tag} is signed by %{found}; planned was %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "Make a new plan and look at it again.")},
    {"git.no_signers", QT_TRANSLATE_NOOP("catalogue", "The file of allowed signers %{file} can't be read."),
     QT_TRANSLATE_NOOP("catalogue", "Check “repository.allowed_signers” in target.yaml and the permissions of the file.")},
    {"git.gpg_key", QT_TRANSLATE_NOOP("catalogue", "The key %{file} can't be used: %{reason}"),
     QT_TRANSLATE_NOOP("catalogue", "Export it with “gpg --export --armor”, and check the permissions of the file.")},
    {"git.manifest_version", QT_TRANSLATE_NOOP("catalogue", "The tag %{tag} brings a manifest of the version %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Publish it again under a new version with both alike.")},
    {"git.no_worktree", QT_TRANSLATE_NOOP("catalogue", "The folder %{folder} is no checkout of the repository."),
     QT_TRANSLATE_NOOP("catalogue", "Remove the folder if it is not in use, and retry the step.")},
    {"git.wrong_commit", QT_TRANSLATE_NOOP("catalogue", "The folder %{folder} stands at the commit %{found} instead of %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "Remove the folder if it is not in use, and retry the step.")},
    {"git.changed_files", QT_TRANSLATE_NOOP("catalogue", "In %{folder} files are not as they were committed (%{count}): %{files:list}."),
     QT_TRANSLATE_NOOP("catalogue", "If a build program changes them, use one that leaves what is committed alone, or stop committing them. Otherwise remove the folder and retry the step.")},
    {"git.build_failed", QT_TRANSLATE_NOOP("catalogue", "The build program %{program} ended with exit code %{exit}: %{last}"),
     QT_TRANSLATE_NOOP("catalogue", "See its output in the log. Nothing has been switched; mend the cause and retry the step.")},
}};

} // namespace cutover
