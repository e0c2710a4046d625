// Rows of cards: HTML that the page has made and escaped comes in, what a person does goes out as one event.
export default function ({ data, parentElement, setTriggerValue }) {
  let root = parentElement.querySelector(":scope > .rec-root");
  if (!root) {
    root = document.createElement("div");
    root.className = "rec-root";
    parentElement.appendChild(root);
  }
  if (root.shownHtml !== data.html) {
    const scrolled = root.querySelector(".cards.row")?.scrollLeft ?? 0;
    root.shownHtml = data.html;
    root.innerHTML = data.html;
    const cards = root.querySelector(".cards.row");
    if (cards) cards.scrollLeft = scrolled;
    // below a poster lies its drawn card, which is seen until it has come, and where it never comes
    root.querySelectorAll("img.photo").forEach((image) => {
      const shown = () => image.classList.add("loaded");
      image.addEventListener("load", shown);
      image.addEventListener("error", () => image.remove());
      if (image.complete && image.naturalWidth) shown();
    });
  }

  root.onclick = (event) => {
    const arrow = event.target.closest("[data-scroll]");
    if (arrow) {
      const cards = arrow.closest("section").querySelector(".cards");
      cards.scrollBy({ left: Number(arrow.dataset.scroll) * cards.clientWidth * 0.85, behavior: "smooth" });
      return;
    }
    const source = event.target.closest("[data-event]");
    const card = source?.closest("[data-movie-id]");
    if (!card) return;
    setTriggerValue("event", {
      kind: source.dataset.event,
      movie_id: card.dataset.movieId,  // as text: it may be beyond 2^53
      rank: card.dataset.rank ? Number(card.dataset.rank) : null,
      value: source.dataset.value ? Number(source.dataset.value) : null,
    });
  };

  // stars are one stop for the tabulator; arrows move between them
  root.onkeydown = (event) => {
    const star = event.target.closest(".stars button");
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!star || !step) return;
    event.preventDefault();
    const all = [...star.parentElement.children];
    const next = all[Math.min(all.length - 1, Math.max(0, all.indexOf(star) + step))];
    all.forEach((one) => (one.tabIndex = one === next ? 0 : -1));
    next.focus();
  };
}
