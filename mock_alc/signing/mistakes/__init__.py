"""Common mistakes in signing, each as a variant that `explain` tries: of the body, the content, the hash, the text."""
