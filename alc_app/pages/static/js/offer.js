const offer = document.querySelector(".offer");

/** An offer is made once: a reload does not repeat it, and it leaves with the click on its action. */
if (offer) {
  history.replaceState(null, "", location.pathname);
  offer.querySelector("[data-action]")?.addEventListener("click", () => {
    document.querySelector(".actions [data-action]")?.focus();
    offer.remove();
  });
}
