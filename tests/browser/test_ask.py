"""The interview that 00_start_here opens with, on a phone and by the keyboard alone, in both languages."""

NAME = "00_start_here.ipynb"
PANEL = 0  # the first of the notebook


def answer(notebook, name, label=None, typed=None):
    """Answers the question whose control is called ``name``, by a label or by typing, and goes on."""
    box = notebook.field(name, PANEL)
    if label:
        box.get_by_label(label, exact=True).check()
    else:
        box.locator("input").fill(typed)
        box.locator("input").press("Enter")
    notebook.answered()
    notebook.press("next")


def test_played_on_a_phone_it_ends_in_the_answer_and_a_letter(voila_page):
    notebook = voila_page(NAME, width=390, height=844)
    assert "您是替谁来问的" in notebook.text(".jiebei .top")
    notebook.shot("ask-phone-first")
    answer(notebook, "q_who_asks", "借款人自己")
    notebook.press("skip")
    answer(notebook, "q_contacts_called", "是")
    answer(notebook, "q_called_on", typed="2026-11-25")
    answer(notebook, "q_called_whom", "家人或朋友")
    answer(notebook, "q_told", "说了欠款或逾期")
    answer(notebook, "q_debt1_creditor", typed="借呗")
    assert "已经打了" in notebook.text(".jiebei .below") and notebook.sideways() <= 0
    assert notebook.axe(".jiebei") == []
    notebook.shot("ask-phone-called")
    notebook.switch("en")
    assert "What kind of debt" in notebook.text(".jiebei .top") and "What to do" in notebook.text(".jiebei .below")
    notebook.page.locator(".jiebei").first.get_by_text("Letters that fit").first.click()
    with notebook.page.expect_download() as made:
        notebook.page.locator("button[data-name='take']").first.click()
    assert made.value.suggested_filename.endswith(".html")


def test_the_keyboard_alone_answers_and_the_question_is_read_out(voila_page):
    notebook = voila_page(NAME)
    page = notebook.page
    notebook.field("q_who_asks", PANEL).locator("input").first.focus()
    page.keyboard.press("Space")
    notebook.answered()
    for _ in range(6):  # to the button that goes on
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.name") == "next":
            break
    page.keyboard.press("Enter")
    notebook.answered()
    assert "现在身体怎么样" in notebook.text(".jiebei .top")
    assert page.locator(".jiebei .top").first.evaluate(
        "one => one.closest('[aria-live]') !== null || one.hasAttribute('aria-live')"
    )
    # The focus is at the head of the panel, so that Tab goes to the new question's control and not to the head of the page
    assert page.evaluate(
        "document.activeElement.classList.contains('jiebei') || !!document.activeElement.closest('.jiebei')"
    )
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('[data-name]')?.dataset.name") == "q_condition"
